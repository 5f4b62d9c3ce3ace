"""The program as it is, in a process that dies right before the N-th thing that it does to the files of its state.

    python victim.py N LOG ARGUMENTS...

What it does, in order, is written to LOG, one line each; with N = 0 it lives. No code of the program knows of this.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import obstore

# Everything that changes a file or a folder: bytes under another name, their name, its removal, and folders.
STEPS = ((obstore, "put", 1), (obstore, "rename", 2), (obstore, "delete", 1), (os, "mkdir", 0), (os, "rmdir", 0))


def dying(module: Any, name: str, argument: int, before: Callable[[str], None]) -> None:
    """Have ``before`` called with what is about to be done, each time."""
    real = getattr(module, name)

    def call(*arguments: Any, **more: Any) -> Any:
        path = str(arguments[argument])
        if module is obstore or ".reconcile" in path:
            before(f"{name} {path}")
        return real(*arguments, **more)

    setattr(module, name, call)


def main() -> None:
    at, log = int(sys.argv[1]), Path(sys.argv[2])
    del sys.argv[1:3]
    lock, count = threading.Lock(), 0

    def before(step: str) -> None:
        nonlocal count
        with lock:  # whoever else is about to do something does not come to it
            count += 1
            with log.open("a") as file:
                file.write(f"{step}\n")
            if count == at:
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()

    for module, name, argument in STEPS:
        dying(module, name, argument, before)
    from reconcile.cli.main import main as program

    program()


if __name__ == "__main__":
    main()
