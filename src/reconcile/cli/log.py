"""What goes on as JSON lines on stderr (``--log-format json``): one object a line, the same names in every release."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from reconcile.cli.options import write_line
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.redact import Redactor, cleaned
from reconcile.engine.events import ChangeEnded, Event, StepMoved

_WELL = frozenset({"done", "skipped"})


class Level(StrEnum):
    """How much a line matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_LEVELS = {Severity.ERROR: Level.ERROR, Severity.WARNING: Level.WARNING, Severity.NOTE: Level.INFO}


class Log:
    """Writes lines, without the secrets that ``redactor`` knows. May be used from any thread."""

    def __init__(self, redactor: Redactor, write: Callable[[str], None] = write_line) -> None:
        self._redactor = redactor
        self._write = write

    def write(self, event: str, level: Level = Level.INFO, **named: object) -> None:
        """Write one line."""
        self._write(line(event, level, cleaned(named, self._redactor.clean)))

    def event(self, event: Event) -> None:
        """Write what happens while a command runs."""
        self.write(name_of(type(event)), _level(event), **_plain(event))

    def diagnostics(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Write a line for each; the fields are those of a diagnostic in a JSON document."""
        from reconcile.render.diagnostics import as_json

        for told in diagnostics:
            (document,) = as_json([told])
            del document["severity"]
            self.write("diagnostic", _LEVELS[told.severity], **document)


def line(event: str, level: Level, named: Mapping[str, Any]) -> str:
    """Return a line: the time (UTC, milliseconds), the level, the event, and what there is to say of it."""
    time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record = {"time": time, "level": level.value, "event": event, **named}
    return json.dumps(record, ensure_ascii=False) + "\n"


def name_of(kind: type[Event]) -> str:
    """Return the name by which an event is logged: ``ReadingBegan`` is ``reading_began``."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_")


def _plain(event: Event) -> dict[str, object]:
    """Return the fields of an event as JSON has them."""
    values = ((field.name, getattr(event, field.name)) for field in fields(event))
    return {name: value if isinstance(value, bool | int | float) else str(value) for name, value in values}


def _level(event: Event) -> Level:
    match event:
        case ChangeEnded(outcome=outcome) if outcome not in _WELL:
            return Level.WARNING
        case StepMoved(error=error) if error:
            return Level.WARNING
        case _:
            return Level.INFO
