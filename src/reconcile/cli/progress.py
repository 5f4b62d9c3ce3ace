"""What is going on, on stderr: one line that moves in a terminal, plain lines elsewhere.

A few lines of our own instead of rich: where rich is installed, importing httpx also imports its command line with
rich and pygments, 190 ms for every command of this program.
"""

from __future__ import annotations

import shutil
import sys
import time
from threading import Event as Flag
from threading import Lock, Thread
from types import TracebackType
from typing import Self

from reconcile.cli.border import Border
from reconcile.cli.log import Log
from reconcile.cli.options import Options, write_line
from reconcile.core.lapse import readable
from reconcile.engine.events import (
    ApplyBegan,
    ChangeEnded,
    Event,
    LockTaken,
    LookingBegan,
    ReadBackBegan,
    ReadingBegan,
    ReadingEnded,
    RunBegan,
    StepMoved,
    StepTold,
    Waiting,
)
from reconcile.render.terminal import counted

# Without a terminal a long apply says where it is about this many times, not once for each of 10,000 objects.
LINES_WITHOUT_TERMINAL = 20
_BAR_CELLS = 24
_CLEAR = "\r\x1b[K"
# A job that is watched is shown to be going on this often, in seconds.
TICK_SECONDS = 1.0


class Progress:
    """Listens to the engine from any thread. As a context manager it takes its line off the screen at the end."""

    def __init__(self, options: Options, border: Border) -> None:
        self._options = options
        self._border = border
        self._moves = sys.stderr.isatty() and not options.logs_json
        self._lock = Lock()
        self._line = ""
        self._began = time.monotonic()
        self._watched = Watched()
        self._links: set[str] = set()
        self._ticks: Thread | None = None
        self._is_over = Flag()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self.pause()

    def pause(self) -> None:
        """Take the moving line off the screen, so that something else can be printed or asked."""
        with self._lock:
            self._move("")

    def note(self, text: str) -> None:
        """Print a line that stays."""
        if self._options.logs_json:
            Log(self._border.redactor).write("note", text=text)
            return
        with self._lock:
            self._say(text)

    def __call__(self, event: Event) -> None:
        """Show an event."""
        if self._options.logs_json:
            Log(self._border.redactor).event(event)
        else:
            self._show(event)

    def _show(self, event: Event) -> None:
        with self._lock:
            match event:
                case ReadingBegan() | LookingBegan():
                    self._move(_reading(event))
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
                case RunBegan(done=done, total=total):
                    self._watched.begin(done, total)
                case StepMoved():
                    self._stepped(event)
                case StepTold(step=step, text=text, seconds=seconds):
                    wait = f": waiting {readable(seconds)}" if seconds and "waiting" not in text else ""
                    self._say(f"{step}: {text}{wait}")

    def _stepped(self, event: StepMoved) -> None:
        self._watched.move(event, time.monotonic())
        if event.is_news:
            self._say(step_line(event, linked=event.link not in self._links))
            self._links.add(event.link)
        if self._moves and self._ticks is None:
            self._ticks = Thread(target=self._tick, name="progress", daemon=True)
            self._ticks.start()
        self._move(self._watched.line(time.monotonic()))

    def _tick(self) -> None:
        """Let the line show that time passes."""
        while not self._is_over.wait(TICK_SECONDS):
            with self._lock:
                if self._line:
                    self._move(self._watched.line(time.monotonic()))

    def _ended(self, event: ChangeEnded) -> None:
        # A short apply is over before anybody reads; its results say the same.
        step = max(1, event.total // LINES_WITHOUT_TERMINAL)
        is_due = not self._moves and event.total > LINES_WITHOUT_TERMINAL and event.done % step == 0
        if is_due or self._options.verbose:
            self._say(f"{event.done}/{event.total} {event.outcome}: {event.action} {event.address}")
        self._move(_bar(event.done, event.total, time.monotonic() - self._began))

    def _say(self, line: str) -> None:
        """Print a line that stays, above the one that moves."""
        write_line(f"{_CLEAR if self._line else ''}{self._border.redactor.clean(line)}\n{self._line}")

    def _move(self, line: str) -> None:
        """Replace the line that moves; nothing where nothing can move."""
        if not self._moves or line == self._line:
            return
        self._line = line[: shutil.get_terminal_size().columns - 1]
        write_line(_CLEAR + self._line)


class Watched:
    """The steps whose jobs are going on, for the line that moves."""

    def __init__(self) -> None:
        self._done = self._total = 0
        self._going: dict[str, tuple[StepMoved, float]] = {}

    def begin(self, done: int, total: int) -> None:
        """Note how many steps there are, and how many of them are over."""
        self._done, self._total = done, total

    def move(self, event: StepMoved, now: float) -> None:
        """Note what a step does at the moment ``now``."""
        if event.state in ("pending", "running"):
            self._going[event.step] = (event, now - event.seconds)
            return
        self._going.pop(event.step, None)
        self._done = min(self._done + 1, self._total)

    def line(self, now: float) -> str:
        """Return what is going on, the longest first; empty when nothing is."""
        if not self._going:
            return ""
        count = f"{self._done}/{self._total} done  " if self._total > 1 else ""
        going = sorted(self._going.values(), key=lambda each: each[1])
        return count + "  ".join(_going(event, now - since) for event, since in going)


def _going(event: StepMoved, seconds: float) -> str:
    link = f" {event.link}" if event.link else ""
    return f"{event.step} {event.platform_state or event.state} {readable(float(int(seconds)))}{link}"


def step_line(event: StepMoved, *, linked: bool = True) -> str:
    """Return what is said of a step that moved, on one line that stays; ``linked``: with the page for people."""
    if event.state == "pending" and not event.job:
        return f"{event.step}: starting {event.operation}"
    said = f" ({event.platform_state})" if event.platform_state else ""
    job = f", job {event.job}" if event.job and event.job != event.step else ""
    link = f" {event.link}" if event.link and linked else ""
    error = f": {event.error}" if event.error else ""
    return f"{event.step}: {event.state}{said}{job}{link}{error}"


def _reading(event: ReadingBegan | LookingBegan) -> str:
    """Return what is about to be read; empty for nothing."""
    if isinstance(event, LookingBegan):
        return f"listing what is live on {counted(event.connections, 'connection')} ..."
    return f"reading {event.objects:,} objects ..." if event.objects else ""


def _bar(done: int, total: int, seconds: float) -> str:
    filled = _BAR_CELLS * done // total if total else _BAR_CELLS
    return f"applying [{'#' * filled}{'.' * (_BAR_CELLS - filled)}] {done:,}/{total:,}  {seconds:.0f} s"
