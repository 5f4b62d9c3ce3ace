"""Slack, Teams, mail, PagerDuty and the rest, by apprise: an extra, imported by the first message."""

from __future__ import annotations

import logging
from typing import Any

from reconcile.alerts.message import Message, body_text, title_text
from reconcile.alerts.send import NotDelivered
from reconcile.core.alert import AppriseSink, Level

# For all targets of a URL together, in seconds.
TIMEOUT = 60

_TYPES = {Level.INFO: "info", Level.WARNING: "warning", Level.ERROR: "failure"}


def notify(message: Message, sink: AppriseSink) -> None:
    """Send a message to all that the URL names. Raises ``NotDelivered``, also when only a part of them got it."""
    try:
        import apprise
    except ImportError:
        raise NotDelivered('apprise is not installed: pip install "reconcile[alerts]"') from None
    # Titles and bodies are text: nothing in them is to become markup. Logos would be fetched from a public place.
    asset = apprise.AppriseAsset(app_id="reconcile", app_desc="reconcile", image_url_mask="", image_url_logo="")
    room = apprise.Apprise(asset=asset)
    if not room.add(sink.url):
        raise NotDelivered("apprise cannot make anything of its URL")
    said, title = _Said(), title_text(message, sink.wording)
    if "overflow=" not in sink.url.lower():
        for service in room:
            service.overflow_mode = apprise.OverflowMode.TRUNCATE
    result = room.notify(
        body=body_text(message, sink.wording, _most(room, title)),
        title=title,
        notify_type="success" if message.is_all_over else _TYPES[message.level],
        body_format=apprise.NotifyFormat.TEXT,
        timeout=TIMEOUT,
        log_callback=said.add,
        log_level=logging.WARNING,
    )
    # PARTIAL is false, too.
    if not result:
        in_part = result.status == apprise.AppriseResultStatus.PARTIAL
        raise NotDelivered(f"{'only some were reached' if in_part else 'not taken'}{said.why}", in_part=in_part)


def _most(room: Any, title: str) -> int | None:
    """Return how many characters of body fit, beside the title; None where the URL says what becomes of the rest.

    A service refuses what is longer, and would refuse it with every check.
    """
    limits = [each.body_maxlen - len(title) - 2 for each in room if each.overflow_mode == "truncate"]
    return max(1, min(limits)) if limits else None


class _Said:
    """What apprise logged on the way, from any thread."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, entry: Any, _plugin: Any = None) -> None:
        """Keep one line of its log."""
        self._lines.append(str(getattr(entry, "message", entry)))

    @property
    def why(self) -> str:
        """The last thing it said, behind a colon; empty when it said nothing."""
        return f": {self._lines[-1]}" if self._lines else ""
