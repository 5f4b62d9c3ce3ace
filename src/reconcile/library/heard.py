"""How events reach a listener that is not ours: one at a time, without secrets, and without doing harm."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import fields, replace
from threading import Lock
from typing import Any

from reconcile.core.redact import Redactor
from reconcile.engine.events import Event, Listener

# Says nothing to anybody who has not asked the logging module for it.
LOG = logging.getLogger("reconcile")
LOG.addHandler(logging.NullHandler())


def listener_of(on_event: Callable[[Event], object] | None, redactor: Redactor) -> Listener:
    """Return what passes events on to ``on_event``, for one operation.

    Calls come from any thread and never overlap. An exception of ``on_event`` is logged, at level ERROR of the logger
    ``reconcile``, and goes no further: an apply that has begun is not for a progress bar to end.
    """
    lock = Lock()

    def listener(event: Event) -> None:
        if on_event is None:
            return
        told = _cleaned(event, redactor)
        with lock:
            try:
                on_event(told)
            except Exception:
                LOG.exception("on_event failed at %s", type(event).__name__)

    return listener


def _cleaned(event: Event, redactor: Redactor) -> Event:
    """Return the event with every text in it put through the redactor: a platform may quote what it was sent."""
    # Not a StrEnum, which is a word of ours.
    texts = {each.name: text for each in fields(event) if type(text := getattr(event, each.name)) is str}
    found: dict[str, Any] = {name: redactor.clean(text) for name, text in texts.items()}
    return replace(event, **found) if found != texts else event
