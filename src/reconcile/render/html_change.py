"""The changes of a plan on a page: each folds, its heading says what and where, below it what and why."""

from __future__ import annotations

import json
from collections.abc import Iterable

from reconcile.core.change import Change, LeftOut
from reconcile.core.diff import FieldChange
from reconcile.core.drift import Drift, Why
from reconcile.core.effect import Effect
from reconcile.core.hold import Hold
from reconcile.core.kind import Action
from reconcile.core.request import Json, Request
from reconcile.core.snapshot import Value
from reconcile.render.effect import effect_line
from reconcile.render.held import hold_text
from reconcile.render.html_effect import effect_facts
from reconcile.render.html_markup import Child, Html, block, join, tag
from reconcile.render.html_view import View
from reconcile.render.provenance import provenance_lines
from reconcile.render.terminal import counted, value_text
from reconcile.render.text import SIGNS, item_words, why_lines

# With more changes than that, only their headings are open at first.
MOST_OPEN = 20
_LINE = 80
_NO_BEFORE = (Action.CREATE, Action.RUN, Action.ASSERT)


def change_block(change: Change, view: View, effect: Effect | None, *, is_open: bool) -> Html:
    """Return one change. ``effect`` is what it does to runs, None where it has nothing to do with time."""
    words = effect_line(effect, view.zone) if effect else ", ".join(field.path for field in change.fields)
    shown = tag("code", str(change.address))
    title = tag("h3", _action(change.action), " ", shown)
    marks = tag("b", "cannot be undone", class_="mark") if change.irreversible else None
    held = tag("b", "held", class_="mark") if change.hold else None
    return tag(
        "details",
        tag("summary", *_spaced(title, marks, held, tag("span", words, class_="q") if words else None)),
        tag("div", *_body(change, view, effect), class_="in"),
        class_="c",
        id=view.anchors.get(str(change.address)),
        data_a=change.action.value,
        open=is_open,
    )


def drift_block(item: Drift, view: View, hold: Hold | None) -> Html:
    """Return what moved on the platform, from what to what, and whether the file changed, too."""
    where = view.place(item.source) or "in no file any more"
    also = "; the file changed, too" if item.why is Why.BOTH and item.source else ""
    lines = [f"{where}{also}", *(line.strip() for line in provenance_lines(item))]
    lines += [f"held: {hold_text(hold)}"] if hold else []
    what = (
        tag("p", tag("strong", "It no longer exists on the platform."))
        if item.gone
        else _diff(item.fields, "Field", "Recorded", "Live")
    )
    return tag("article", tag("h3", _sign("*", "drift", "update"), " ", view.name(item.address)), _lines(lines), what)


def left_out_block(item: LeftOut, view: View) -> Html:
    """Return one object that is left as it is: why, and field by field what it was, is, and would be."""
    rows = [
        tag("tr", tag("th", field.path, scope="row"), *(tag("td", value_text(value)) for value in values))
        for field in item.fields
        for values in [(field.back, field.then, field.now)]
    ]
    table = _table(("Field", "Before that apply", "That apply left it", "Now"), rows) if rows else None
    told = tag("ul", view.message(item.diagnostic), class_="msgs")
    title = tag("h3", _sign("#", item.action.value, "forget"), " ", view.name(item.address))
    return tag("article", title, _lines([f"stays as it is: {item.reason}"]), table, told)


def request_block(request: Request) -> Html:
    """Return one call: method and path, and below it the body as JSON."""
    call = tag("p", tag("code", tag("b", request.method), " ", request.path))
    if request.body is None:
        return call
    return join(call, block(_json(dict(request.body))))


def _spaced(*parts: Html | None) -> Iterable[Child]:
    """Go over the parts with a space between each two, for who hears them in one go."""
    for part in parts:
        yield from (" ", part) if part else ()


def _json(value: Json, indent: str = "") -> str:
    """Return JSON for people: what fits stands on one line, the rest on several."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) <= _LINE or not isinstance(value, dict | list) or not value:
        return flat
    deeper = f"{indent}  "
    if isinstance(value, list):
        items, ends = [_json(each, deeper) for each in value], "[]"
    else:
        named = ((json.dumps(name, ensure_ascii=False), each) for name, each in value.items())
        items, ends = [f"{name}: {_json(each, deeper)}" for name, each in named], "{}"
    return f"{ends[0]}\n{deeper}" + f",\n{deeper}".join(items) + f"\n{indent}{ends[1]}"


def _body(change: Change, view: View, effect: Effect | None) -> Iterable[Html | None]:
    yield _lines(why_lines(change, view.prefix))
    if effect:
        yield effect_facts(effect, view.zone)
    yield _fields(change)
    if not view.bodies:
        yield from (tag("p", tag("code", request.method, " ", request.path)) for request in change.requests)
    elif change.requests:
        title = tag("summary", counted(len(change.requests), "request"))
        yield tag("details", title, *map(request_block, change.requests), class_="r")


def _fields(change: Change) -> Html | None:
    fields, action = change.fields, change.action
    if action is Action.ASSERT and not fields:
        # The same as we recorded, and sent all the same: then the values are what there is to see.
        fields = tuple(FieldChange(name, None, value) for name, value in change.after.items())
    if not fields:
        return None
    if action is Action.DELETE:
        return _table(("Field", "Before"), [_row(field.path, tag("del", value_text(field.before))) for field in fields])
    if action in _NO_BEFORE and all(field.before is None for field in fields):
        return _table(("Field", "After"), [_row(field.path, tag("ins", value_text(field.after))) for field in fields])
    return _diff(fields, "Field", "Before", "After")


def _diff(fields: Iterable[FieldChange], *heads: str) -> Html:
    return _table(
        heads,
        [
            _row(
                field.path,
                _side("del", field.before),
                join(_side("ins", field.after), _items(field)),
            )
            for field in fields
        ],
    )


def _side(element: str, value: Value) -> Html:
    return tag("span", value_text(value), class_="q") if value is None else tag(element, value_text(value))


def _items(field: FieldChange) -> Html | None:
    words = item_words(field).strip().removeprefix("(").removesuffix(")")
    return tag("small", words) if words else None


def _row(name: str, *cells: Child) -> Html:
    return tag("tr", tag("th", name, scope="row"), *(tag("td", cell) for cell in cells))


def _table(heads: tuple[str, ...], rows: list[Html]) -> Html:
    head = tag("tr", *(tag("th", each, scope="col") for each in heads))
    return tag("table", tag("caption", "Fields"), head, *rows, class_="f")


def _lines(lines: Iterable[str]) -> Html:
    return tag("ul", *(tag("li", line) for line in lines), class_="why")


def _action(action: Action) -> Html:
    return _sign(SIGNS[action][0], action.value, action.value)


def _sign(sign: str, word: str, style: str) -> Html:
    return tag("span", tag("span", sign, aria_hidden="true"), f" {word}", class_=f"s {style}")
