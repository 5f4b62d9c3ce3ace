"""The examples' own files, and the shell in them, so that tests run what users copy."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

EXAMPLES = Path(__file__).parents[2] / "docs/examples"
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


class Strict(yaml.SafeLoader):
    """A loader that refuses a key that stands twice, and leaves ``on`` what it is."""


def _mapping(loader: Strict, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    assert len(keys) == len(set(keys)), f"a key stands twice at {node.start_mark}"
    return {key: loader.construct_object(value, deep=True) for key, (_, value) in zip(keys, node.value, strict=True)}


Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
# YAML 1.1 reads `on` and `off` as booleans; those who read these files do not.
Strict.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:bool" or first not in "oOyYnN"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def documents(path: Path) -> list[Any]:
    """Return the YAML documents of a file."""
    return list(yaml.load_all(path.read_text(encoding="utf-8"), Loader=Strict))


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its ``${{ ... }}`` replaced; one that nobody gave a value is an error."""
    return _EXPRESSION.sub(lambda found: values[found[1]], text)


def run_step(
    step: Mapping[str, Any], values: Mapping[str, str], environ: Mapping[str, str], cwd: Path
) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub's runner does: its own ``env``, and ``bash -eo pipefail``."""
    own = {name: filled(str(value), values) for name, value in step.get("env", {}).items()}
    return bash(step["run"], {**environ, **own}, cwd, "-eo", "pipefail")


def bash(script: str, environ: Mapping[str, str], cwd: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a script, with `reconcile` and `python` those of this environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", *options, "-c", script],
        env={"HOME": str(cwd), **environ, "PATH": path},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
