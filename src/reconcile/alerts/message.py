"""What a sink is sent, as text and as JSON: one message for all that is due."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from reconcile.core.alert import AlertKind, Level, Wording
from reconcile.core.alerted import Notice
from reconcile.core.diff import FieldChange
from reconcile.core.printable import printable
from reconcile.core.redact import cleaned
from reconcile.core.snapshot import Value
from reconcile.core.template import filled

FORMAT = "reconcile.alerts/1"

_WORDS = {
    AlertKind.DRIFT: "drifted",
    AlertKind.CHECK_FAILED: "check failed",
    AlertKind.BACK_IN_SYNC: "back in sync",
    AlertKind.CHECK_RESTORED: "check works again",
}


@dataclass(frozen=True, slots=True)
class Message:
    """All that is due for one sink, never empty. ``id`` is unique to it; ``at`` is when, UTC, ISO 8601.

    ``clean`` takes secrets out of text; all that leaves goes through it.
    """

    id: str
    at: str
    environment: str
    notices: tuple[Notice, ...]
    clean: Callable[[str], str] = str

    @property
    def level(self) -> Level:
        """How urgent the most urgent of it is."""
        return max((notice.alert.level for notice in self.notices), key=lambda level: level.rank)

    @property
    def is_all_over(self) -> bool:
        """Say whether it brings nothing but good news."""
        return all(notice.alert.ends for notice in self.notices)

    @property
    def summary(self) -> str:
        """How many of what, in a line: ``2 drifted, 1 back in sync (environment prod)``."""
        counts = Counter(notice.alert.kind for notice in self.notices)
        single = (AlertKind.CHECK_FAILED, AlertKind.CHECK_RESTORED)
        parts = [
            _WORDS[kind] if kind in single else f"{counts[kind]:,} {_WORDS[kind]}" for kind in AlertKind if counts[kind]
        ]
        where = "" if self.environment == "default" else f" (environment {self.environment})"
        return ", ".join(parts) + where


def title_text(message: Message, wording: Wording) -> str:
    """Return the title of a message, on one line."""
    words = {
        "summary": message.summary,
        "environment": message.environment,
        "level": message.level.value,
        "count": str(len(message.notices)),
        "at": message.at,
    }
    return message.clean(" ".join(filled(wording.title, words).split()))


def body_text(message: Message, wording: Wording, most: int | None = None) -> str:
    """Return the body of a message: a piece for each alert, lines apart; no more than fit into ``most`` characters.

    What does not fit is counted at the end.
    """
    pieces = [message.clean(filled(wording.body, _words(notice, message)).rstrip()) for notice in message.notices]
    text = "\n".join(pieces)
    if most is None or len(text) <= most:
        return text
    lengths = accumulate(len(piece) + 1 for piece in pieces)
    kept = [piece for piece, length in zip(pieces, lengths, strict=True) if length + len(_more(len(pieces))) <= most]
    return "\n".join([*kept, _more(len(pieces) - len(kept))]) if kept else text[:most]


def document(message: Message) -> dict[str, Any]:
    """Return a message in format ``reconcile.alerts/1``."""
    found = {
        "format": FORMAT,
        "id": message.id,
        "at": message.at,
        "environment": message.environment,
        "summary": message.summary,
        "level": message.level.value,
        "alerts": [alert_document(notice) for notice in message.notices],
    }
    result: dict[str, Any] = cleaned(found, message.clean)
    return result


def alert_document(notice: Notice) -> dict[str, Any]:
    """Return one alert of a message. Secrets are still in it."""
    alert = notice.alert
    return {
        "kind": alert.kind.value,
        "subject": alert.subject,
        "level": alert.level.value,
        "occasion": notice.occasion.value,
        "fingerprint": alert.fingerprint,
        "summary": alert.summary,
        "details": list(alert.details),
        "fields": [{"path": f.path, "before": f.before, "after": f.after} for f in alert.fields],
    }


def _words(notice: Notice, message: Message) -> dict[str, str]:
    alert = notice.alert
    again = {"reminder": " (still)", "changed": " (changed since)"}.get(notice.occasion, "")
    # Names and what platforms say are not to be obeyed: not by a terminal, and no line of theirs is one of ours.
    subject = printable(alert.subject)
    about_object = alert.kind in (AlertKind.DRIFT, AlertKind.BACK_IN_SYNC)
    return {
        "summary": printable(alert.summary) + again,
        "kind": alert.kind.value,
        "subject": subject,
        "address": subject if about_object else "",
        "level": alert.level.value,
        "occasion": notice.occasion.value,
        "fields": "".join(f"\n  {_field(change)}" for change in alert.fields),
        "details": "".join(f"\n  {printable(' '.join(line.split()))}" for line in alert.details),
        "environment": message.environment,
        "fingerprint": alert.fingerprint,
        "at": message.at,
    }


def _field(change: FieldChange) -> str:
    return f"{printable(change.path)}: {_value(change.before)} -> {_value(change.after)}"


def _more(count: int) -> str:
    return f"and {count:,} more"


def _value(value: Value) -> str:
    """Return a value as a person reads it: text as it is where nothing in it can be mistaken, else as JSON."""
    if isinstance(value, str) and value and value.isprintable() and value == value.strip():
        return value
    return "(none)" if value is None else printable(json.dumps(value, ensure_ascii=False))
