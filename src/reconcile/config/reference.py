"""``${env.NAME}`` and ``${var.NAME}``: how references are written, and what is nearly one."""

from __future__ import annotations

import re
from dataclasses import dataclass

REFERENCE = re.compile(r"\$\{(env|var)\.([A-Za-z_][A-Za-z0-9_]*)\}")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# The same for JSON Schema, whose patterns are ECMAScript's: a whole value, and anywhere in a value.
WHOLE_PATTERN = r"^\$\{(env|var)\.[A-Za-z_][A-Za-z0-9_]*\}$"
INSIDE_PATTERN = r"\$\{(env|var)\.[A-Za-z_][A-Za-z0-9_]*\}"

# `${{ ... }}` is a template of another tool and not ours.
_NEARLY = re.compile(
    r"\$\{(?!\{)\s*(envs?|environ|environment|vars?|variables?)\s*[.:\[-]\s*([^{}\s]*)[^{}]*(\}|$)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Something that was meant as a reference. ``meant`` is how it would be written; empty when nobody can say."""

    written: str
    meant: str


def near_misses(text: str) -> tuple[NearMiss, ...]:
    """Return what in ``text`` looks like a reference and is none; empty when there is nothing of the sort."""
    found = []
    for match in _NEARLY.finditer(text):
        if REFERENCE.fullmatch(match.group()):
            continue
        namespace = "env" if match.group(1).lower().startswith("env") else "var"
        name = match.group(2).strip("[]'\"")
        meant = f"${{{namespace}.{name}}}" if NAME.fullmatch(name) else ""
        found.append(NearMiss(match.group(), meant))
    return tuple(found)
