"""One JSON file that survives a restart: written whole, atomically, soon after each change."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

from reconcile.sandbox.wire import Json

FILE = "sandbox.json"
DELAY = 0.4
"""Seconds between a change and its writing; changes within are written together."""

FORMAT = 1


class Store:
    """The saved state in a folder. `snapshot` is called, under the world's lock, when it is time to write."""

    def __init__(self, folder: Path, snapshot: Callable[[], bytes]) -> None:
        self.path = folder / FILE
        self._snapshot = snapshot
        self._guard = threading.Lock()
        self._writing = threading.Lock()
        self._timer: threading.Timer | None = None

    def load(self) -> Json | None:
        """Return what was saved, None when nothing was; a ValueError when the file is damaged."""
        try:
            saved = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise ValueError(f"{self.path} is damaged ({error}); delete it to start anew") from None
        if not isinstance(saved, dict) or saved.get("format") != FORMAT:
            raise ValueError(f"{self.path} is not a sandbox state of format {FORMAT}; delete it to start anew")
        return saved

    def touch(self) -> None:
        """Note a change; it is written within `DELAY` seconds."""
        with self._guard:
            if self._timer is None:
                self._timer = threading.Timer(DELAY, self._write)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Write now if a change waits."""
        with self._guard:
            waiting, self._timer = self._timer, None
        if waiting is not None:
            waiting.cancel()
            self._save()
        with self._writing:  # a write that the timer had begun is over
            return

    def _write(self) -> None:
        with self._guard:
            self._timer = None
        self._save()

    def _save(self) -> None:
        with self._writing:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.path.with_suffix(".new")
            with fresh.open("wb") as file:
                file.write(self._snapshot())
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
