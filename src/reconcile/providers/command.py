"""Runs another program and returns what it printed. No shell, and no secret of its output in an error."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress

from reconcile.core.errors import AuthFailed
from reconcile.core.redact import MASK
from reconcile.providers.answer import shown

# Long runs of what tokens, keys and base64 are made of. Long paths fall to it too: better than a token shown.
_TOKEN_LIKE = re.compile(r"[A-Za-z0-9_.!~+/=-]{20,}")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def run(argv: Sequence[str], environment: Mapping[str, str], timeout: float) -> str:
    """Return the standard output of a program, looked up on the ``PATH`` of ``environment``.

    Raises ``AuthFailed`` when it is missing, exits other than with 0, or takes more than ``timeout`` seconds (it is
    then killed, with everything it started).
    """
    program = shutil.which(argv[0], path=environment.get("PATH", os.defpath))
    if program is None:
        raise AuthFailed(
            f"the program {argv[0]!r} is not on the PATH",
            hint=f"install {argv[0]}, or choose another auth method for this connection",
        )
    try:
        process = subprocess.Popen(  # noqa: S603 - a list, no shell; the words come from the workspace's owner
            [program, *argv[1:]],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise AuthFailed(f"{argv[0]!r} cannot be started: {error.strerror}") from None
    return _output(process, _shown_command(argv), timeout)


def masked(text: str) -> str:
    """Return ``text`` on one clean line, with everything that may be a token replaced by ``***``."""
    return shown(_TOKEN_LIKE.sub(MASK, plain(text)))


def plain(text: str) -> str:
    """Return ``text`` without the colours that programs print."""
    return _COLOUR.sub("", text)


def _output(process: subprocess.Popen[bytes], command: str, timeout: float) -> str:
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        _kill(process)
        raise AuthFailed(
            f"{command!r} was stopped: it did not end within {timeout:g} s",
            hint="run it by hand: it may be waiting for an answer",
        ) from None
    except BaseException:
        _kill(process)
        raise
    stdout = out.decode("utf-8", "replace")
    if process.returncode:
        said = _last_words(err.decode("utf-8", "replace")) or _last_words(stdout) or "it printed nothing"
        raise AuthFailed(f"{command!r} failed with exit code {process.returncode}: {said}", hint="run it by hand")
    return stdout


def _kill(process: subprocess.Popen[bytes]) -> None:
    # The whole session: a grandchild would keep the pipes open, and us waiting.
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.communicate()


def _last_words(text: str) -> str:
    lines = [line for line in plain(text).splitlines() if line.strip(" \t{}[],")]
    message = re.search(r'"message"\s*:\s*"((?:[^"\\]|\\.)*)"', text)
    return masked(message.group(1)) if message else masked(lines[-1]) if lines else ""


def _shown_command(argv: Sequence[str]) -> str:
    return " ".join(argv)
