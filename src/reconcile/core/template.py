"""Text with ``{names}`` in it: nothing else means anything, so that no template can reach what it is not given."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from reconcile.core.diagnostic import did_you_mean

# `{{` and `}}` stand for the braces themselves.
_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return ``template`` with each ``{name}`` replaced. What ``template_problem`` finds fault with stays as it is."""

    def replaced(match: re.Match[str]) -> str:
        if match.group() in ("{{", "}}"):
            return match.group()[0]
        return values.get(match.group(1) or "", match.group())

    # In one pass: a brace in a value means nothing.
    return _PART.sub(replaced, template)


def template_problem(template: str, known: Collection[str]) -> tuple[str, str] | None:
    """Return what is wrong with a template, and what to do about it; None when it is right."""
    for match in _PART.finditer(template):
        name = match.group(1)
        if name is None and match.group() in ("{", "}"):
            return f"has a lone {match.group()}", "write {{ or }} for the brace itself"
        if name is not None and name not in known:
            hint = did_you_mean(name, known) or "there are: " + ", ".join(known)
            return f'has an unknown placeholder "{{{name}}}"', hint
    return None
