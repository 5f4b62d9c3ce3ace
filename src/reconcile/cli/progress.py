"""What is going on, on stderr: one line that moves in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from reconcile.cli.border import Border
from reconcile.cli.options import Options, err
from reconcile.engine.events import (
    ApplyBegan,
    ChangeEnded,
    Event,
    LockTaken,
    ReadBackBegan,
    ReadingBegan,
    ReadingEnded,
    Waiting,
)

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

# Without a terminal a long apply says where it is about this many times, not once for each of 10,000 objects.
LINES_WITHOUT_TERMINAL = 20


class Progress:
    """Listens to the engine from any thread. As a context manager it takes its line off the screen at the end."""

    def __init__(self, options: Options, border: Border) -> None:
        self._options = options
        self._border = border
        self._is_terminal = sys.stderr.isatty()
        self._lock = Lock()
        self._bar: Bar | None = None
        self._task: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pause()

    def pause(self) -> None:
        """Take the moving line off the screen, so that something else can be printed or asked."""
        with self._lock:
            if self._bar:
                self._bar.stop()
                self._bar = None

    def __call__(self, event: Event) -> None:
        """Show an event."""
        with self._lock:
            match event:
                case ReadingBegan(objects=objects) if self._is_terminal and objects:
                    self._status(f"reading {objects:,} objects ...")
                case ReadingEnded() if self._is_terminal:
                    self._status("")
                case Waiting(text=text, connection=connection):
                    self._say(f"{connection}: {text}")
                case LockTaken(note=note):
                    self._say(note)
                case ApplyBegan(total=total) if self._is_terminal:
                    self._begin(total)
                case ChangeEnded():
                    self._ended(event)
                case ReadBackBegan(objects=objects, connection=connection) if self._options.verbose:
                    self._say(f"{connection}: reading back {objects:,} objects")
                case _:
                    pass

    def _say(self, line: str) -> None:
        line = self._border.redactor.clean(line)
        if self._bar:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            err(f"{line}\n")

    def _status(self, text: str) -> None:
        err(f"\r\x1b[K{text}")

    def _begin(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(stderr=True, no_color=self._options.no_color, highlight=False)
        self._bar = Progress(
            TextColumn("applying"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        )
        self._bar.start()
        self._task = self._bar.add_task("", total=total)

    def _ended(self, event: ChangeEnded) -> None:
        if self._bar:
            self._bar.update(self._task, completed=event.done)
        step = max(1, event.total // LINES_WITHOUT_TERMINAL)
        if event.outcome != "done" or (not self._bar and event.done % step == 0) or self._options.verbose:
            self._say(f"{event.done}/{event.total} {event.outcome}: {event.action} {event.address}")
