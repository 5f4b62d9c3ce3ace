"""Which process on which machine: enough to tell later, from the same machine, that it is gone.

A process id alone is not: it is used again, means something else in another container, and may be hidden from us. So
the start time goes with it, and the *space* that both belong to. Sources: proc(5), pid_namespaces(7).
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")

# The fields of /proc/<pid>/stat after the name (which may hold spaces and brackets): state is the 1st, start the 20th.
_STATE, _START = 0, 19


@dataclass(frozen=True, slots=True)
class Process:
    """A process. ``space`` is where ``pid`` means something, ``started`` its start in the system's own count.

    Both are empty where the system does not tell; then the process is never said to be gone.
    """

    pid: int
    space: str = ""
    started: str = ""


def describe(pid: int) -> Process:
    """Return what identifies a process of this machine."""
    return Process(pid, _space(), _stat(pid)[1])


def is_gone(process: Process) -> bool:
    """Say whether the process certainly does not run any more. False when it cannot be said from here."""
    if not process.space or process.space != _space():
        return False
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # it is there, and not ours
    state, started = _stat(process.pid)
    # A zombie does nothing any more; it only waits for its parent to take notice.
    return state in {"Z", "X"} or bool(started and process.started and started != process.started)


def _space() -> str:
    try:
        # Together these are one set of process ids, whatever the host is called: containers often share a host name.
        return f"{(_PROC / 'sys/kernel/random/boot_id').read_text().strip()} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        # On Windows os.kill(pid, 0) is no question but an interrupt.
        return f"host {socket.gethostname()}" if os.name == "posix" else ""


def _stat(pid: int) -> tuple[str, str]:
    """Return state and start of a process; empty when the system does not tell."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        return fields[_STATE], fields[_START]
    except (OSError, IndexError):
        return "", ""
