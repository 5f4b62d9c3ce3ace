"""What is going on, on stderr: one line that moves in a terminal, plain lines elsewhere.

A few lines of our own instead of rich: where rich is installed, importing httpx also imports its command line with
rich and pygments, 190 ms for every command of this program.
"""

from __future__ import annotations

import shutil
import sys
import time
from threading import Lock
from types import TracebackType
from typing import Self

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

# Without a terminal a long apply says where it is about this many times, not once for each of 10,000 objects.
LINES_WITHOUT_TERMINAL = 20
_BAR_CELLS = 24
_CLEAR = "\r\x1b[K"


class Progress:
    """Listens to the engine from any thread. As a context manager it takes its line off the screen at the end."""

    def __init__(self, options: Options, border: Border) -> None:
        self._options = options
        self._border = border
        self._moves = sys.stderr.isatty()
        self._lock = Lock()
        self._line = ""
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pause()

    def pause(self) -> None:
        """Take the moving line off the screen, so that something else can be printed or asked."""
        with self._lock:
            self._move("")

    def __call__(self, event: Event) -> None:
        """Show an event."""
        with self._lock:
            match event:
                case ReadingBegan(objects=objects) if objects:
                    self._move(f"reading {objects:,} objects ...")
                case ReadingEnded():
                    self._move("")
                case Waiting(text=text, connection=connection):
                    self._say(f"{connection}: {text.replace(f' ({connection})', '')}")
                case LockTaken(note=note):
                    self._say(note)
                case ApplyBegan(total=total):
                    self._began = time.monotonic()
                    self._move(_bar(0, total, 0.0))
                case ChangeEnded():
                    self._ended(event)
                case ReadBackBegan(objects=objects, connection=connection):
                    if self._options.verbose:
                        self._say(f"{connection}: reading back {objects:,} objects")
                case _:
                    pass

    def _ended(self, event: ChangeEnded) -> None:
        # A short apply is over before anybody reads; its results say the same.
        step = max(1, event.total // LINES_WITHOUT_TERMINAL)
        is_due = not self._moves and event.total > LINES_WITHOUT_TERMINAL and event.done % step == 0
        if is_due or self._options.verbose:
            self._say(f"{event.done}/{event.total} {event.outcome}: {event.action} {event.address}")
        self._move(_bar(event.done, event.total, time.monotonic() - self._began))

    def _say(self, line: str) -> None:
        """Print a line that stays, above the one that moves."""
        err(f"{_CLEAR if self._line else ''}{self._border.redactor.clean(line)}\n{self._line}")

    def _move(self, line: str) -> None:
        """Replace the line that moves; nothing where nothing can move."""
        if not self._moves or line == self._line:
            return
        self._line = line[: shutil.get_terminal_size().columns - 1]
        err(_CLEAR + self._line)


def _bar(done: int, total: int, seconds: float) -> str:
    filled = _BAR_CELLS * done // total if total else _BAR_CELLS
    return f"applying [{'#' * filled}{'.' * (_BAR_CELLS - filled)}] {done:,}/{total:,}  {seconds:.0f} s"
