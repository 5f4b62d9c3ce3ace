"""The only way to name an object: ``CONNECTION/KIND/NAME``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from operator import attrgetter


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """One object on one platform account, for example ``sales/schedule/recipe:Board_Pack``.

    ``name`` may hold any character, slashes too; ``connection`` and ``kind`` hold no slash.
    """

    connection: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.connection}/{self.kind}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """Return the address that ``text`` spells; ``parse(str(a)) == a``.

        Raises ``ValueError`` when one of the three parts is missing or empty.
        """
        connection, _, rest = text.partition("/")
        kind, _, name = rest.partition("/")
        if not (connection and kind and name):
            raise ValueError(f"{text!r} is no address: expected CONNECTION/KIND/NAME")
        return cls(connection, kind, name)


# Sorts addresses as they compare, several times faster than by comparing them.
by_parts = attrgetter("connection", "kind", "name")

_WILDCARD = re.compile(r"[*?[]")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which addresses a command works on: every one, or those ``select`` names less those ``exclude`` names.

    Patterns are addresses or globs over them; ``*`` also crosses slashes, so ``sales/*`` is a whole connection.
    """

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def holds(self, address: Address) -> bool:
        """Say whether ``address`` is selected."""
        text = str(address)
        if self.select and not any(matches(text, pattern) for pattern in self.select):
            return False
        return not any(matches(text, pattern) for pattern in self.exclude)

    def may_hold_below(self, prefix: str) -> bool:
        """Say whether an address that begins with ``prefix`` can be selected; only a "no" is certain."""
        if any(p.endswith("*") and _head(p) == p[:-1] and prefix.startswith(p[:-1]) for p in self.exclude):
            return False
        heads = [_head(pattern) for pattern in self.select]
        return not heads or any(head.startswith(prefix) or prefix.startswith(head) for head in heads)

    def unmatched(self, addresses: Iterable[Address]) -> tuple[str, ...]:
        """Return the ``select`` patterns that name none of ``addresses``, in the order given."""
        texts = [str(address) for address in addresses]
        return tuple(p for p in self.select if not any(matches(text, p) for text in texts))

    @property
    def is_everything(self) -> bool:
        """Say whether nothing is left out."""
        return not self.select and not self.exclude


def matches(text: str, pattern: str) -> bool:
    """Say whether an address (as text) is named by ``pattern``: the same text, or a glob over it."""
    return text == pattern or fnmatchcase(text, pattern)


def _head(pattern: str) -> str:
    """Return what every address that ``pattern`` names begins with: the pattern up to its first wildcard."""
    return _WILDCARD.split(pattern, maxsplit=1)[0]
