"""Where a state in a PostgreSQL database is: what a URL says, with its password kept apart from all the rest.

What talks to the database is in ``postgres_table``: its library is an extra, and loaded only where one is named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import StateError
from reconcile.core.redact import MASK
from reconcile.state.backend import Backend

TABLE = "reconcile_state"
SCHEMA = "reconcile"

_URL = re.compile(r"(?P<scheme>postgres(?:ql)?)://(?P<authority>[^/?#]*)(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?")
# What needs no thought in a statement. 63 bytes are what PostgreSQL keeps of a name.
_SCHEMA = re.compile(r"[A-Za-z_][A-Za-z0-9_$-]{0,62}")

# Parameters of libpq that are secrets themselves. Where a file holds one, the parameter is its name, and no secret.
_SECRETS = ("password", "sslpassword", "oauth_client_secret")


@dataclass(frozen=True, slots=True)
class Location:
    """A database and a schema in it.

    ``url`` is what libpq is given, ``secrets`` what it is given besides, by its own names: neither is for showing.
    ``shown`` is the URL for people: user, hosts and database, and no parameter.
    """

    shown: str
    schema: str = SCHEMA
    url: str = field(default="", repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def table(self) -> str:
        """The table, with its schema."""
        return f"{self.schema}.{TABLE}"

    def hide(self, text: str) -> str:
        """Return ``text`` without the secrets of this location, as they are or as a URL spells them."""
        for secret in self.secrets.values():
            for spelt in (secret, quote(secret, safe="")):
                text = text.replace(spelt, MASK) if spelt else text
        return text


def open_postgres(location: str, environment: str, environ: Mapping[str, str]) -> Backend:
    """Return the keys of ``environment`` in the database at ``location``; nothing is connected to yet.

    ``location`` is a URL as libpq takes it, with ``schema=NAME`` beside libpq's own parameters. What it does not say
    comes from libpq's variables (``PGPASSWORD``, ``PGSERVICE``, ...), the service file and ``~/.pgpass``. Raises
    ``StateError`` for a URL that cannot be used, and where the library is not installed.
    """
    found = location_of(location)
    try:
        import psycopg  # noqa: F401 - only to tell that it is missing from a mistake of ours
    except ImportError as error:
        raise StateError(_no_library(str(error))) from None
    from reconcile.state.postgres_table import PostgresTable

    return PostgresTable(found, environment, has_own_timeout="PGCONNECT_TIMEOUT" in environ)


def location_of(text: str) -> Location:
    """Return what a URL says. Raises ``StateError`` for one that is none; its words hold nothing of the URL."""
    parts = _URL.fullmatch(text.strip())
    if not parts:
        raise StateError(bad_location("it is no URL of a database"))
    user_info, _, hosts = parts["authority"].rpartition("@")
    user, _, password = user_info.partition(":")
    path, parameters = parts["path"] or "", parse_qsl(parts["query"] or "", keep_blank_values=True)
    if "@" in path or "/" in path[1:]:
        # Most likely a password with a slash in it: the rest of it must not be taken for a host or a database.
        raise StateError(
            bad_location(
                "inside a name or a password, write `/` as %2F, `@` as %40, `:` as %3A, `?` as %3F, `#` as %23"
            )
        )
    secrets = {"password": unquote(password)} if password else {}
    secrets |= {name: value for name, value in parameters if name in _SECRETS}
    schema = next((value for name, value in reversed(parameters) if name == "schema"), SCHEMA)
    if not _SCHEMA.fullmatch(schema):
        raise StateError(bad_location("`schema=` takes letters, digits, `_`, `-` and `$`, at most 63"))
    asked = [(name, value) for name, value in parameters if name != "schema" and name not in _SECRETS]
    shown = f"postgresql://{user}@{hosts}{path}" if user else f"postgresql://{hosts}{path}"
    return Location(shown, schema, f"{shown}?{urlencode(asked, quote_via=quote)}" if asked else shown, secrets)


def secrets_in(text: str) -> tuple[str, ...]:
    """Return what must not be shown of a location; empty for one that is no database, or cannot be used."""
    try:
        found = location_of(text)
    except StateError:
        return ()
    return tuple({spelt for secret in found.secrets.values() for spelt in (secret, quote(secret, safe=""))})


def bad_location(reason: str) -> Diagnostic:
    """Return the error for a URL that cannot be used. ``reason`` holds no secret."""
    return Diagnostic(
        code="state-location",
        summary="Not a place for the state",
        detail=f"`state: postgresql://...` cannot be used: {reason}.",
        hint="write it as postgresql://USER@HOST:PORT/DATABASE?sslmode=require&schema=reconcile,"
        " and give the password with PGPASSWORD or ~/.pgpass",
    )


def _no_library(reason: str) -> Diagnostic:
    return Diagnostic(
        code="state-library",
        summary="A library for this place of the state is missing",
        detail=f"`state: postgresql://...` needs psycopg, which cannot be loaded: {reason.splitlines()[0]}.",
        hint="pip install 'reconcile[postgresql]'",
    )
