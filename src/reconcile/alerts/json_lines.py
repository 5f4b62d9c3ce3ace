"""A line of JSON for each alert, at the end of a file or on stdout."""

from __future__ import annotations

import json
import os

from reconcile.alerts.message import Message, document
from reconcile.alerts.send import NotDelivered, Ways
from reconcile.core.alert import JsonLinesSink


def add_lines(message: Message, sink: JsonLinesSink, ways: Ways) -> None:
    """Write the alerts of a message, all with one call, so that two writers do not mix. Raises ``NotDelivered``."""
    text = _lines(message)
    if sink.path == "-":
        ways.out(text)
        return
    path = ways.root / sink.path
    data = text.encode(errors="replace")
    try:
        # Append-only and in one piece: what else is in the file stays whole, whoever writes there, too.
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0), 0o666)
        try:
            written = os.write(handle, data)
        finally:
            os.close(handle)
    except (OSError, ValueError) as error:  # a name with a NUL in it is a ValueError
        raise NotDelivered(f"{sink.path}: {getattr(error, 'strerror', None) or error}") from None
    if written != len(data):
        raise NotDelivered(f"{sink.path}: only a part was written; the disk may be full", in_part=True)


def _lines(message: Message) -> str:
    """Return a line for each alert: what the message says of it, and below ``message`` of which one it is."""
    whole = document(message)
    about = {"format": whole["format"], "id": whole["id"], "at": whole["at"], "environment": whole["environment"]}
    return "".join(json.dumps({**about, **alert}, ensure_ascii=False) + "\n" for alert in whole["alerts"])
