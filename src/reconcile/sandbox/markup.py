"""HTML that cannot be injected into: text becomes markup only through `tag`, which escapes it."""

from html import escape

Attribute = str | int | bool | None


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(element: str, /, *children: object, **attributes: Attribute) -> Html:
    """Return an element. Children that are not `Html` are escaped, None is left out.

    Attribute names lose a trailing underscore and turn others into hyphens; True is a bare attribute, False and None
    leave it out.
    """
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    inner = join(*children)
    return Html(f"<{element}{given}>" if element in _VOID else f"<{element}{given}>{inner}</{element}>")


def join(*children: object) -> Html:
    """Return children side by side, escaped where they are not markup."""
    return Html(
        "".join(child if isinstance(child, Html) else escape(str(child)) for child in children if child is not None)
    )


def table(caption: str, heads: tuple[str, ...], rows: list[tuple[object, ...]], empty: str) -> Html:
    """Return a table whose cells carry their column's name, so that it can fold on a narrow screen."""
    if not rows:
        return tag("p", empty, class_="quiet")
    head = tag("thead", tag("tr", *(tag("th", each, scope="col") for each in heads)))
    body = tag(
        "tbody",
        *(
            tag("tr", *(tag("td", cell, data_label=label) for label, cell in zip(heads, row, strict=True)))
            for row in rows
        ),
    )
    return tag("table", tag("caption", caption), head, body)


def button_form(action: str, label: str, fields: dict[str, str], *, title: str | None = None) -> Html:
    """Return a form that is just a button; `title` says to a screen reader what it is about."""
    hidden = (tag("input", type="hidden", name=name, value=value) for name, value in fields.items())
    return tag("form", *hidden, tag("button", label, aria_label=title), method="post", action=action, class_="inline")


def choice(name: str, label: str, options: tuple[str, ...], selected: str) -> Html:
    """Return a labelled drop-down."""
    shown = (tag("option", each or "-", value=each, selected=each == selected) for each in options)
    return tag("label", label, " ", tag("select", *shown, name=name))


def field(name: str, label: str, value: object, kind: str = "text", **attributes: Attribute) -> Html:
    """Return a labelled input."""
    shown = "" if value is None else str(value)
    return tag("label", label, " ", tag("input", type=kind, name=name, value=shown, **attributes))


def document(title: str, *children: object) -> str:
    """Return a whole page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Html(_CSS)),
    )
    return "<!DOCTYPE html>" + tag("html", head, tag("body", *children), lang="en")


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


_VOID = ("input", "meta", "br")
_CSS = """
:root { color-scheme: light dark; --ink: #1c2330; --quiet: #5b6473; --line: #d9dee7; --paper: #fff; --soft: #f4f6fa;
  --accent: #1652c4; --good: #14692f; --bad: #a3201d; --warn: #7a4d00 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --quiet: #9aa4b5; --line: #333b49; --paper: #151a22;
  --soft: #1d232e; --accent: #8ab4ff; --good: #7fd99b; --bad: #ff9c97; --warn: #f0c064 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 72rem; padding: 1rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif }
h1 { font-size: 1.5rem; margin: .5rem 0 0 } h2 { font-size: 1.2rem; margin: 2.5rem 0 .25rem }
a { color: var(--accent) } .quiet { color: var(--quiet) } code { font-size: .875em; overflow-wrap: anywhere }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: .75rem 0 }
table { width: 100%; border-collapse: collapse; margin: .5rem 0 1rem }
caption { text-align: left; font-weight: 600; padding: .75rem 0 .25rem }
th { text-align: left; font-weight: 500; color: var(--quiet); font-size: .875rem }
th, td { padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top;
  overflow-wrap: anywhere }
button, input, select { font: inherit; color: inherit; background: var(--soft); border: 1px solid var(--line);
  border-radius: .4rem; padding: .3rem .7rem; min-height: 2.25rem; max-width: 100% }
button { cursor: pointer; white-space: nowrap } button:hover { border-color: var(--accent) }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
form.inline { display: inline-flex; gap: .4rem; flex-wrap: wrap; margin: 0 .3rem .2rem 0 }
form.edit { display: grid; gap: .9rem; max-width: 34rem } form.edit label { display: grid; gap: .2rem }
fieldset { border: 1px solid var(--line); border-radius: .4rem; display: flex; flex-wrap: wrap; gap: .25rem 1rem }
form.edit fieldset label { display: flex; align-items: center; gap: .35rem } fieldset input { min-height: auto }
code.id, th { white-space: nowrap }
.hand { display: inline-flex; flex-wrap: wrap; align-items: center; gap: .2rem .6rem }
.chip { font-size: .875rem; font-weight: 600; white-space: nowrap }
.good { color: var(--good) } .bad { color: var(--bad) } .warn { color: var(--warn) }
ul.jobs { margin: 0; padding-left: 1.1rem }
@media (max-width: 44rem) { thead { position: absolute; left: -999rem }
  tr { display: block; border-bottom: 1px solid var(--line); padding: .5rem 0 }
  td { display: flex; gap: .75rem; border: 0; padding: .15rem 0 } td > * { min-width: 0 }
  td::before { content: attr(data-label); flex: 0 0 6.5rem; color: var(--quiet); font-size: .875rem } }
"""
