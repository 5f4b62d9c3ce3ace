"""One message to one sink: sent, or the reason why not."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

from reconcile.alerts.message import Message, body_text, title_text
from reconcile.core.alert import AppriseSink, JsonLinesSink, Sink, StdoutSink, WebhookSink


class NotDelivered(Exception):
    """A sink was not reached, or would not take it. The message says why, in one line, and may hold secrets.

    ``in_part`` says that somebody did get it.
    """

    def __init__(self, reason: str, *, in_part: bool = False) -> None:
        super().__init__(" ".join(reason.split()))
        self.in_part = in_part


@dataclass(frozen=True, slots=True)
class Ways:
    """What sending needs of the world: where printed text goes, and where relative paths begin. Times in seconds."""

    out: Callable[[str], None]
    root: Path = field(default_factory=Path)
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def send(message: Message, sink: Sink, ways: Ways) -> None:
    """Send a message. Raises ``NotDelivered``, and nothing else that a sink may bring about."""
    match sink:
        case StdoutSink():
            ways.out(f"{title_text(message, sink.wording)}\n{_indented(body_text(message, sink.wording))}\n")
        case JsonLinesSink():
            from reconcile.alerts.json_lines import add_lines

            add_lines(message, sink, ways)
        case WebhookSink():
            from reconcile.alerts.webhook import post

            post(message, sink, ways)
        case AppriseSink():
            from reconcile.alerts.apprise import notify

            notify(message, sink)
        case _:
            assert_never(sink)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))
