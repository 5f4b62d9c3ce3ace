"""``acknowledged.yaml``: drift that is accepted for a while, read, and written so that everything else in it stays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from reconcile.config.check import check
from reconcile.config.document import Document, parse
from reconcile.config.marked import MarkedList, MarkedMap
from reconcile.config.mistake import Subject
from reconcile.config.moment import moment
from reconcile.config.notation import value_text
from reconcile.config.splice import (
    Edit,
    after_comments,
    cannot_edit,
    line_begin,
    line_stop,
    next_line,
    spliced,
    trimmed,
)
from reconcile.core.acknowledge import Acknowledgement
from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic

SECTION = "acknowledged"
HEADER = """\
# Drift that somebody has looked at and accepts until a day: shown, not alarmed, and no exit code 5.
# Written by `reconcile drift ack`; `reconcile drift unack` takes an entry out.
"""

_DASH = 2


def _check_address(text: str) -> str:
    try:
        Address.parse(text)
    except ValueError:
        raise PydanticCustomError("wrong-value", "must be an address: CONNECTION/KIND/NAME", {}) from None
    return text


def _on_one_line(text: str) -> str:
    words = " ".join(text.split())
    if not words:
        raise ValueError("must say something: whoever comes after you wants to know why it is right")
    return words


def _moment(value: object) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("wrong-type", "A date is text: write 2026-12-01 or 2026-12-01T06:00:00Z")
    return moment(value)


class AcknowledgementEntry(BaseModel):
    """One object's drift that is accepted until a moment, in one environment."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    address: Annotated[str, AfterValidator(_check_address)] = Field(description="the object that drifted")
    until: Annotated[str, BeforeValidator(_moment)] = Field(description="a day (it ends at 00:00 UTC) or a moment")
    reason: Annotated[str, AfterValidator(_on_one_line)] = Field(description="why, in your words")
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] = Field(
        description="what it drifted to; anything else is drift again"
    )
    by: str = Field("", description="who accepted it")
    environment: str = Field("default", description="where it counts")


class AcknowledgedFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    acknowledged: list[AcknowledgementEntry] = Field(description="drift that is accepted")


def read_acknowledged(document: Document) -> tuple[tuple[Acknowledgement, ...], tuple[Diagnostic, ...]]:
    """Return what a file says, in its order, and what is wrong with it; nothing of a file that is wrong."""
    if document.root is None:
        return (), document.diagnostics
    if not isinstance(document.root, MarkedMap):
        detail = f"{document.file} should be a mapping with `{SECTION}:` in it."
        return (), (Diagnostic("wrong-type", "Wrong type", detail, f'write "{SECTION}: []"', document.span),)
    checked = check(
        AcknowledgedFile,
        document.root,
        lambda shape: Subject(document, document.root, document.mark, shape, document.file),
    )
    if checked.result is None or document.diagnostics:
        return (), (*document.diagnostics, *checked.diagnostics)
    items = document.root[SECTION]
    entries: list[AcknowledgementEntry] = checked.result.acknowledged
    return tuple(
        Acknowledgement(
            Address.parse(entry.address),
            entry.environment,
            entry.fingerprint,
            entry.until,
            entry.reason,
            entry.by,
            document.value_span(items, place),
        )
        for place, entry in enumerate(entries)
    ), ()


def text_with(before: str | None, file: str, added: Collection[Acknowledgement]) -> str:
    """Return the file's text with acknowledgements added, each in place of any other of its object there.

    ``before`` is the text now, None for a file that is not there. Raises ``CannotEdit`` for one that is written in an
    unusual way, ``Unwritable`` for a reason that no file can hold.
    """
    if before is None:
        return f"{HEADER}{SECTION}:\n" + "".join(f"{_lines(each, _DASH)}\n" for each in added)
    places = {(each.address, each.environment) for each in added}
    kept, _ = text_without(before, file, lambda known: (known.address, known.environment) in places)
    document = parse(kept, file)
    return spliced(document.text, _appended(document, added))


def text_without(
    before: str, file: str, goes: Callable[[Acknowledgement], bool]
) -> tuple[str, tuple[Acknowledgement, ...]]:
    """Return the file's text without the acknowledgements that go, and those. Raises ``CannotEdit``."""
    document = parse(before, file)
    known, _ = read_acknowledged(document)
    gone = [place for place, each in enumerate(known) if goes(each)]
    if not gone:
        return before, ()
    return spliced(document.text, _removed(document, gone)), tuple(known[place] for place in gone)


def _removed(document: Document, gone: list[int]) -> Iterator[Edit]:
    items, characters = _items(document), document.text.characters
    for place in gone:
        mark = items.mark_of(place)
        begin = line_begin(characters, mark[0])
        stop = after_comments(characters, trimmed(characters, mark), _column(document, items, place))
        yield Edit(begin, next_line(characters, stop))
    if len(gone) == len(items):
        colon = line_stop(characters, document.root.key_mark_of(SECTION)[1])
        end = document.root.key_mark_of(SECTION)[1] + 1
        yield Edit(min(end, colon), min(end, colon), " []")


def _appended(document: Document, added: Collection[Acknowledgement]) -> Iterator[Edit]:
    items, characters = _items(document), document.text.characters
    if not items:
        _, end = document.root.mark_of(SECTION)
        stop = line_stop(characters, end)
        yield Edit(document.root.key_mark_of(SECTION)[1] + 1, end)
        yield Edit(stop, stop, "".join(f"\n{_lines(each, _DASH)}" for each in added))
        return
    dash = _column(document, items, len(items) - 1)
    at = after_comments(characters, trimmed(characters, items.marks[-1]), dash)
    yield Edit(at, at, "".join(f"\n{_lines(each, dash)}" for each in added))


def _items(document: Document) -> MarkedList:
    items: MarkedList = document.root[SECTION]
    mark = document.root.mark_of(SECTION)
    if items and document.text.characters[mark[0]] in "[&*":
        raise cannot_edit(f"The list {SECTION} is laid out in an unusual way.", document.text, mark)
    return items


def _column(document: Document, items: MarkedList, place: int) -> int:
    """Return how far the dash of an item is from the margin. Raises ``CannotEdit`` where no dash stands before it."""
    characters, begin = document.text.characters, items.mark_of(place)[0]
    head = characters[line_begin(characters, begin) : begin]
    if head.strip() != "-":
        raise cannot_edit("The entry is laid out in an unusual way.", document.text, items.mark_of(place))
    return head.index("-")


def _lines(each: Acknowledgement, dash: int) -> str:
    fields = {"address": str(each.address), "until": each.until, "reason": each.reason, "by": each.by}
    fields |= {"environment": each.environment if each.environment != "default" else ""}
    fields |= {"fingerprint": each.fingerprint}
    margin = " " * dash
    lines = [f"{name}: {value_text(value)}" for name, value in fields.items() if value]
    return f"{margin}- " + f"\n{margin}  ".join(lines)
