"""What the parts of a page share: the plan, what is to come, and how objects, places and instants are shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.source import Span
from reconcile.render.html_markup import Child, Html, join, tag


@dataclass(frozen=True, slots=True)
class View:
    """``prefix`` is put before file names; ``anchors`` has the id, on this page, of each object that changes.

    Times are on the clock of ``zone`` (IANA). Without ``bodies`` the calls have method and path alone.
    """

    prefix: str = ""
    anchors: Mapping[str, str] = field(default_factory=dict)
    zone: str = "UTC"
    bodies: bool = True

    def name(self, address: Address | str) -> Html:
        """Return an address; a link where the page has a change of that object."""
        text = str(address)
        anchor = self.anchors.get(text)
        shown = tag("code", text)
        return tag("a", shown, href=f"#{anchor}") if anchor else shown

    def names(self, addresses: Collection[Address]) -> Html:
        """Return addresses as a list."""
        return tag("ul", *(tag("li", self.name(address)) for address in addresses), class_="names")

    def place(self, span: Span | None) -> str:
        """Return where something was written; empty for nowhere."""
        return f"{self.prefix}{span.file}:{span.line}" if span else ""

    def message(self, diagnostic: Diagnostic) -> Html:
        """Return one message as an item of a list: how bad, what, which object and place, and the way out."""
        severity = diagnostic.severity.value
        place = self.place(diagnostic.span)
        about: list[Child] = [self.name(diagnostic.address)] if diagnostic.address else []
        about += [tag("code", place)] if place else []
        about += [tag("code", diagnostic.code)]
        return tag(
            "li",
            tag("p", tag("b", severity, class_=f"sev {severity}"), " ", tag("strong", diagnostic.summary)),
            paragraphs(diagnostic.detail) if diagnostic.detail else None,
            tag("p", tag("b", "Hint: "), diagnostic.hint) if diagnostic.hint else None,
            tag("p", *_apart(about), class_="q"),
        )


def section(id: str, title: Child, *children: Child, class_: str | None = None) -> Html:
    """Return a section with a heading that names it and that links can lead to."""
    head = tag("h2", title, id=id, tabindex=-1)
    return tag("section", head, *children, aria_labelledby=id, class_=class_)


def scroller(label: str, *children: Child) -> Html:
    """Return what may be wider than the page: it scrolls by itself, by keyboard, too."""
    return tag("div", *children, class_="wide", role="region", aria_label=label, tabindex=0)


def paragraphs(text: str) -> Html:
    """Return text of several lines, each its own paragraph."""
    return join(*(tag("p", line) for line in text.split("\n") if line.strip()))


def _apart(parts: list[Child]) -> list[Child]:
    found: list[Child] = []
    for part in parts:
        found += [" \u00b7 ", part] if found else [part]
    return found
