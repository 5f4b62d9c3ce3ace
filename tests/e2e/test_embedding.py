"""The examples of docs/embedding.md run as they stand there, as a program of somebody else's."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from e2e.harness import World

ROOT = Path(__file__).parents[2]


def test_the_examples_run_and_do_what_they_say(world: World) -> None:
    page = (ROOT / "docs/embedding.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(examples) >= 7
    shutil.rmtree(world.root)
    shutil.copytree(ROOT / "desired_state", world.root, ignore=shutil.ignore_patterns(".*"))
    (world.home / "program.py").write_text("\n".join(examples), encoding="utf-8")
    command = [sys.executable, "-W", "error", "program.py"]
    done = subprocess.run(command, cwd=world.home, env=world.env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"\d+ changes, 0 objects drifted", lines[0])
    assert "done" in lines[1]
    assert any(line.startswith("in sync;") for line in lines)
    assert "['unknown-environment']" in lines
    assert world.run("history", "--format", "json").json["applies"][0]["command"] == "program.py: apply"
