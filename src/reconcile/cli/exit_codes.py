"""What the exit code of a command means. Promised to users; scripts rely on it."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Every exit code there is."""

    DONE = 0
    FAILED = 1
    CHANGES = 2
    REFUSED = 3
    IN_PART = 4
    DRIFT = 5
    RUN_FAILED = 6
    STOPPED_WATCHING = 7
    USAGE = 64
    INTERRUPTED = 130
