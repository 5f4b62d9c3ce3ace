"""Secrets out of text, wherever the text is going."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

MASK = "***"

# Shorter values ("dev", "1") would mask half of every sentence and hide nothing worth hiding.
SHORTEST_SECRET = 6


class Redactor:
    """Replaces known secret values in text. Secrets may be added while it is in use (a fresh session token).

    From any thread: connections log in side by side, and none of their tokens may be lost.
    """

    __slots__ = ("_known", "_secrets")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: dict[str, None] = {}
        self._secrets: tuple[str, ...] = ()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Mask ``secret`` from now on. Several lines count each for themselves (a PEM key, quoted by a server)."""
        parts = {part.strip() for part in (secret, *secret.splitlines())}
        self._known.update(dict.fromkeys(part for part in parts if len(part) >= SHORTEST_SECRET))
        # Whoever sorted before another thread added, and is done after it, sorts again.
        while len(self._secrets) != len(self._known):
            # The longest first, so that a secret that holds another one is masked whole.
            self._secrets = tuple(sorted(self._known.copy(), key=lambda s: (-len(s), s)))

    def clean(self, text: str) -> str:
        """Return ``text`` with every known secret replaced by ``***``."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        return text

    def spelled(self, spellings: Callable[[str], Iterable[str]]) -> Redactor:
        """Return one that masks every known secret as ``spellings`` writes it, too: escaped, it is another text."""
        return Redactor([*self._secrets, *(each for secret in self._secrets for each in spellings(secret))])

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._secrets)} secrets>"


def cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    """Return what JSON can hold with every text in it put through ``clean``; keys stay as they are."""
    match value:
        case str():
            return clean(value)
        case Mapping():
            return {key: cleaned(item, clean) for key, item in value.items()}
        case list() | tuple():
            return [cleaned(item, clean) for item in value]
        case _:
            return value
