"""The frame of a page: one file with all that it needs, in which nothing but our own script and style works."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from reconcile.render.html_markup import Child, ascii_only, tag, trusted
from reconcile.render.html_script import SCRIPT
from reconcile.render.html_style import stylesheet


def page(title: str, *children: Child, skip: str = "") -> str:
    """Return a whole document with ``children`` as its body. ``skip`` is the id of what to skip to, if anything.

    It is plain ASCII, so that it reads the same whatever encoding stdout has.
    """
    style = stylesheet()
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(style)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="robots", content="noindex"),
        tag("title", title),
        tag("style", trusted(style)),
    )
    link = tag("a", "Skip to the changes", href=f"#{skip}", class_="skip") if skip else None
    body = tag("body", link, *children, tag("script", trusted(SCRIPT)))
    return ascii_only(f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n")


def _policy(style: str) -> str:
    """Return what the browser is to refuse: everything from elsewhere, every script and style that is not just ours."""
    ours = f"script-src {_hashed(SCRIPT)}; style-src {_hashed(style)}"
    return f"default-src 'none'; {ours}; base-uri 'none'; form-action 'none'"


def _hashed(source: str) -> str:
    return f"'sha256-{b64encode(sha256(source.encode()).digest()).decode()}'"
