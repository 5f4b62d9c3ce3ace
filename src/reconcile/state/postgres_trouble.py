"""What a PostgreSQL database answers when it cannot be used, as errors with a way out.

Codes are those of postgresql.org/docs/current/errcodes-appendix. Refused connections carry none, only words: those are
looked for in the server's English, and another language ends at "cannot be used" with the server's own words.
"""

from __future__ import annotations

import re

import psycopg

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import StateError
from reconcile.state.postgres import TABLE, Location

# Code and summary. Where another place can have the same trouble it has the same code.
_FORBIDDEN = "state-forbidden", "No right to use the state"
_FULL = "state-disk-full", "No room for the state"
_UNSUITABLE = "state-unsuitable", "The table is not one for a state"
_READ_ONLY = "state-read-only", "The database of the state takes no writes"
_NO_PASSWORD = "state-credentials", "No credentials for the state"
_REFUSED = "state-credentials-refused", "The credentials for the state were refused"
_MISSING = "state-no-database", "The database for the state is not there"
_TLS = "state-tls", "No safe connection to the database of the state"
_BUSY = "state-busy", "The database of the state is busy"
_UNREACHABLE = "state-unreachable", "The database of the state cannot be reached"
_OTHER = "state-unavailable", "The state cannot be used"

_SIGN_IN = "give the password with PGPASSWORD, ~/.pgpass or a service file"
_NOTHING_LOST = "nothing half-written is left behind"
_BY_CODE = {
    "25006": (_READ_ONLY, "name the primary server in `state:`, or add target_session_attrs=read-write to its URL"),
    "53100": (_FULL, f"free some space on the server and run it again: {_NOTHING_LOST}"),
    "53300": (_BUSY, "the server has too many connections: run it again later, or raise max_connections"),
    "57014": (_BUSY, "look for what keeps the server busy (pg_stat_activity), and run it again"),
    **dict.fromkeys(
        ("42703", "42804", "42809", "42P10"),
        (_UNSUITABLE, f"name another schema with schema=, in which no other {TABLE} is"),
    ),
}
_BY_WORDS = (
    (r"no password supplied", _NO_PASSWORD, _SIGN_IN),
    (
        r"password authentication failed|role .* does not exist|authentication failed",
        _REFUSED,
        f"check the user in the URL, and {_SIGN_IN}",
    ),
    (r"no pg_hba\.conf entry.*(no encryption|SSL off)", _TLS, "add sslmode=require to the URL"),
    (r"no pg_hba\.conf entry|pg_hba\.conf rejects", _REFUSED, "let this user in: the server's pg_hba.conf does not"),
    (r"permission denied for database", _FORBIDDEN, "let its owner run: GRANT CONNECT ON DATABASE ... TO ..."),
    (r"database .* does not exist", _MISSING, "create it (`createdb`), or correct `state:`"),
    (
        r"server does not support SSL",
        _TLS,
        "give the server TLS; `sslmode=prefer` goes without, where nobody can listen",
    ),
    (r"\bSSL\b|certificate", _TLS, "check sslmode= and sslrootcert= in the URL (sslrootcert=system: this machine's)"),
    (r"too many clients|connection slots|too many connections", *_BY_CODE["53300"]),
    (r"starting up|shutting down|recovery mode|has not answered", _BUSY, "run it again in a moment"),
)
_CHECK = "check the host and the port in the URL, and the way there (a firewall, a VPN)"


def trouble(doing: str, place: str, error: psycopg.Error, location: Location) -> StateError:
    """Return the error to raise when ``doing`` ("read", "write", "delete") something at ``place`` failed.

    The reason is the server's own, in one line and without secrets.
    """
    text = location.hide(str(error))
    (code, summary), hint = _kind(error, text, location)
    detail = f"Cannot {doing} {place}: {_reason(text) or type(error).__name__}."
    return StateError(Diagnostic(code=code, summary=summary, detail=detail, hint=hint))


def _kind(error: psycopg.Error, text: str, location: Location) -> tuple[tuple[str, str], str]:
    if error.sqlstate == "42501":
        return _FORBIDDEN, _grants(text, location)
    if error.sqlstate:
        return _BY_CODE.get(error.sqlstate, (_OTHER, "run it again; if that does not help, look at the server's log"))
    for words, kind, hint in _BY_WORDS:
        if re.search(words, text, re.DOTALL):
            return kind, hint
    return _UNREACHABLE, _CHECK


def _grants(text: str, location: Location) -> str:
    """Return what would give the right that is missing."""
    if "for database" in text:
        return f"let its owner run once: CREATE SCHEMA {location.schema} AUTHORIZATION ...; or name one with schema="
    if "for schema" in text:
        return f"let its owner run: GRANT USAGE, CREATE ON SCHEMA {location.schema} TO ..."
    return f"let its owner run: GRANT SELECT, INSERT, UPDATE, DELETE ON {location.table} TO ..."


def _reason(text: str) -> str:
    """Return the line that says it: of several addresses that were tried, the last one's."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("Is the server running", "LINE ", "^", "HINT", "CONTEXT"))]
    line = (told[-1] if "Multiple connection attempts" in text else told[0]) if told else ""
    # The place is said already, and which of the server's parts gave up helps nobody.
    return line.rpartition("FATAL:  ")[2].removeprefix("connection failed: ").removesuffix(".")
