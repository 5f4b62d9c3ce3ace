"""What a place for the state answers when it cannot be used, as errors with a way out."""

from __future__ import annotations

import errno
import os
import re

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import StateError

# obstore is written in Rust and hands on the system's error number in the text only.
_NUMBER = re.compile(r"\(os error (\d+)\)")

_RIGHTS = "state-forbidden", "No right to use the state"
_FULL = "state-disk-full", "No room for the state"
_NO_FOLDER = "state-not-a-folder", "A file is in the way of the state's folder"
_NO_LINKS = "state-unsuitable", "This file system cannot keep a state"
_OTHER = "state-unavailable", "The state cannot be used"

_FREE_SPACE = "free some space and run it again: nothing half-written is left behind"
_OTHER_FOLDER = "or name another place with `state:` in reconcile.yaml"
_WORDS = {
    errno.EACCES: (_RIGHTS, f"give this user the right to read and write there, {_OTHER_FOLDER}"),
    errno.EPERM: (_RIGHTS, f"give this user the right to read, write and hard-link there, {_OTHER_FOLDER}"),
    errno.EROFS: (_RIGHTS, f"make the file system writable, {_OTHER_FOLDER}"),
    errno.ENOSPC: (_FULL, _FREE_SPACE),
    errno.EDQUOT: (_FULL, _FREE_SPACE),
    errno.EFBIG: (_FULL, "raise the limit on the size of a file and run it again: nothing half-written is left behind"),
    errno.ENOTDIR: (_NO_FOLDER, f"move that file away, {_OTHER_FOLDER}"),
    errno.EEXIST: (_NO_FOLDER, f"move that file away, {_OTHER_FOLDER}"),
    errno.EISDIR: (_NO_FOLDER, f"move that folder away, {_OTHER_FOLDER}"),
    errno.ENOTSUP: (_NO_LINKS, "name a folder on a file system with hard links with `state:` in reconcile.yaml"),
}


def trouble(doing: str, place: str, error: BaseException) -> StateError:
    """Return the error to raise when ``doing`` ("read", "write", "delete") something at ``place`` failed.

    Place, reason and way out are in its words; the reason is the system's own, in one line.
    """
    number = error_number(error)
    (code, summary), hint = _WORDS.get(number, (_OTHER, f"check the place, {_OTHER_FOLDER}"))
    reason = os.strerror(number) if number else (str(error).strip().splitlines() or [type(error).__name__])[0]
    return StateError(Diagnostic(code=code, summary=summary, detail=f"Cannot {doing} {place}: {reason}.", hint=hint))


def error_number(error: BaseException) -> int:
    """Return the system's error number behind an exception of ours or of obstore's; 0 when there is none."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    found = _NUMBER.search(str(error))
    return int(found[1]) if found else 0
