"""Entries as text, in the style of the documented examples; or in that of the file they go to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from reconcile.config.notation import Reference, Writable, comment_text, value_text
from reconcile.core.address import Address

# Where a comment begins when the text before it is not longer.
COMMENT_COLUMN = 40
MODELINE = "# yaml-language-server: $schema="


@dataclass(frozen=True, slots=True)
class Entry:
    """One object to be written down: the keys of its entry in order, and what to say behind ``#``.

    ``connection`` is that of its address; whether the entry has to name it depends on the file.
    """

    address: Address
    section: str
    keys: tuple[tuple[str, Writable], ...]
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    r"""How a list of entries is laid out: spaces before the dash, from the dash to the keys, lines between.

    ``flow`` entries are ``{a: b}`` on one line. ``quote`` stands around every text and key there, as in JSON.
    """

    dash: int = 2
    offset: int = 2
    has_blanks: bool = True
    flow: bool = False
    quote: str = ""

    def entry(self, entry: Entry, connection: str | None) -> list[str]:
        """Return the lines of an entry; ``connection`` is that of the file."""
        keys = list(entry.keys)
        if entry.address.connection != connection:
            keys.append(("connection", entry.address.connection))
        indent, lead = " " * self.dash, "-" + " " * (self.offset - 1)
        if self.flow:
            return [commented(f"{indent}{lead}{flow_entry(keys, self.quote)}", entry.comments)]
        lines = [f"{name}: {value_text(value)}" for name, value in keys]
        first = commented(f"{indent}{lead}{lines[0]}", entry.comments)
        return [first, *(f"{indent}{' ' * self.offset}{line}" for line in lines[1:])]

    def entries(self, entries: Iterable[Entry], connection: str | None) -> list[str]:
        """Return the lines of several entries."""
        lines: list[str] = []
        for entry in entries:
            lines += [""] if lines and self.has_blanks else []
            lines += self.entry(entry, connection)
        return lines


TIDY = Layout()


@dataclass(frozen=True, slots=True)
class Variables:
    """The text variables of a workspace, to be put back where a value equals just one of them."""

    by_text: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def put_back(self, value: Writable) -> Writable:
        """Return the reference to the variable that has this value; the value itself when none has, or several."""
        names = self.by_text.get(value, ()) if isinstance(value, str) else ()
        return Reference(names[0]) if len(names) == 1 else value


def file_text(entries: Sequence[Entry], modeline: str = "", layout: Layout = TIDY) -> str:
    """Return a whole file with these entries, section by section, in the order given."""
    connections = {entry.address.connection for entry in entries}
    connection = connections.pop() if len(connections) == 1 else None
    lines = [modeline] if modeline else []
    lines += [f"connection: {value_text(connection)}"] if connection else []
    for number, (section, found) in enumerate(by_section(entries)):
        lines += [""] if number else []
        lines += [f"{section}:", *layout.entries(found, connection)]
    return "\n".join(lines) + "\n"


def by_section(entries: Iterable[Entry]) -> list[tuple[str, list[Entry]]]:
    """Return the entries of each section; sections in the order in which they come first."""
    order = {section: number for number, section in enumerate(dict.fromkeys(entry.section for entry in entries))}
    ordered = sorted(entries, key=lambda entry: order[entry.section])
    return [(section, list(found)) for section, found in groupby(ordered, key=lambda entry: entry.section)]


def flow_entry(keys: Iterable[tuple[str, Writable]], quote: str) -> str:
    """Return ``{key: value, ...}``."""
    return "{" + ", ".join(flow_pair(name, value, quote) for name, value in keys) + "}"


def flow_pair(name: str, value: Writable, quote: str) -> str:
    """Return ``key: value`` as it stands between braces."""
    return f"{quote}{name}{quote}: {value_text(value, flow=True, quote=quote)}"


def commented(line: str, comments: Iterable[str]) -> str:
    """Return a line with a comment behind it, in one column with others where there is room."""
    text = comment_text(comments)
    return f"{line:<{COMMENT_COLUMN - 2}}  # {text}" if text else line
