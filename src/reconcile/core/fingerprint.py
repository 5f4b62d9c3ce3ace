"""What was found, in one short word: the same for the same finding on every machine and at any time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.drift import Drift

LENGTH = 16


def drift_fingerprint(drift: Drift) -> str:
    """Return 16 hexadecimal digits for what an object drifted to: its address, and the fields as they are live now.

    What we recorded, who changed it, when, and the line of a file have no part in it: the object being there, moved
    just so, is the finding. No value can be read back out of it.
    """
    fields = {change.path: change.after for change in drift.fields}
    return _digits({"address": str(drift.address), "gone": drift.gone, "fields": fields})


def failure_fingerprint(diagnostics: Iterable[Diagnostic]) -> str:
    """Return 16 hexadecimal digits for why a check failed: the codes of its errors, and the connections they are of.

    Not their words, which may hold times and numbers of requests, nor single objects: of a platform that fails now
    here, now there, one hears once.
    """
    return _digits(sorted({(each.code, _connection(each.address)) for each in diagnostics if each.is_error}))


def _connection(address: str | None) -> str:
    try:
        return Address.parse(address).connection if address else ""
    except ValueError:
        return ""


def _digits(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]
