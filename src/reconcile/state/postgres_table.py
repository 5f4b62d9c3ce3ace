"""Keys in one table of a PostgreSQL database, for every environment that keeps its state there.

Each call is one message to the server and one transaction of its own, with nothing of a session behind it: that is what
a proxy that pools transactions passes on. The server decides who was first (``ON CONFLICT DO NOTHING``).
Sources, in postgresql.org/docs/current: libpq-connect; protocol-flow ("multiple statements in a simple query");
sql-insert; explicit-locking (advisory locks).
"""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import psycopg
from psycopg import ClientCursor, sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import InvalidSchemaName, UndefinedTable
from psycopg.pq import TransactionStatus

from reconcile.core.errors import StateError
from reconcile.state.backend import KeyMissing, KeyTaken, checked
from reconcile.state.postgres import TABLE, Location, bad_location
from reconcile.state.postgres_trouble import trouble

T = TypeVar("T")
Rows = list[tuple[Any, ...]]

# One statement may take this long, in seconds. The largest is a state of some megabytes; more is a lock, or no answer.
STATEMENT_SECONDS = 30.0

# The server ends a statement that takes too long; a server that does not even do that is given up on after this.
GRACE_SECONDS = 5.0

# Threads that use the state at once: the command's own, its journal's, its lock's, and jobs that are being noted.
MOST_CONNECTIONS = 4

_SETTINGS = {
    "connect_timeout": "10",
    "fallback_application_name": "reconcile",
    # A connection whose other end is gone without a word is noticed, however long nothing is asked on it.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}

# For this transaction only. A server that is set up for stricter isolation would answer a lost race with an error.
_LIMIT = sql.SQL(
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = {}; ",
).format(sql.Literal(int(STATEMENT_SECONDS * 1000)))
# A server or role that gives up durability for speed is overruled: what was written is built upon.
_DURABLY = _LIMIT + sql.SQL(
    "SELECT set_config('synchronous_commit', 'on', true)"
    " WHERE current_setting('synchronous_commit') IN ('off', 'local'); "
)

_CREATE = (
    "INSERT INTO {table} (environment, key, data) VALUES (%(environment)s, %(key)s, %(data)s)"
    " ON CONFLICT (environment, key) DO NOTHING"
)
_PUT = (
    "INSERT INTO {table} (environment, key, data) VALUES (%(environment)s, %(key)s, %(data)s)"
    " ON CONFLICT (environment, key) DO UPDATE SET data = excluded.data, written_at = clock_timestamp()"
)
_READ = "SELECT data FROM {table} WHERE environment = %(environment)s AND key = %(key)s"
_WRITTEN = (
    "SELECT extract(epoch FROM written_at)::float8 FROM {table} WHERE environment = %(environment)s AND key = %(key)s"
)
_DELETE = "DELETE FROM {table} WHERE environment = %(environment)s AND key = %(key)s"
# A range and no LIKE: `_` and `%` are letters like others. In this collation what is below "state/" ends at "state0".
_LIST = (
    "SELECT key FROM {table} WHERE environment = %(environment)s"
    ' AND key COLLATE "C" >= %(begin)s AND key COLLATE "C" < %(end)s ORDER BY key COLLATE "C"'
)

_HAS_SCHEMA = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = {schema_text}"
# Two first runs come one after the other: with IF NOT EXISTS alone both would try at once, and one of them fail.
_ALONE = "SELECT pg_advisory_xact_lock(hashtext('reconcile'), hashtext({schema_text})); "
_MAKE_SCHEMA = "CREATE SCHEMA IF NOT EXISTS {schema}; "
_MAKE_TABLE = """
CREATE TABLE IF NOT EXISTS {table} (
    environment text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    data bytea NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (environment, key)
)
"""


class PostgresTable:
    """Keys as rows. The table, and its schema, come with the first write; until then everything is empty.

    May be used from several threads, each on a connection of its own. A connection that was dropped while nobody used
    it is replaced without a word. ``has_own_timeout``: the user has said elsewhere how long connecting may take.
    """

    def __init__(self, location: Location, environment: str, *, has_own_timeout: bool = False) -> None:
        try:
            asked = conninfo_to_dict(location.url)
        except psycopg.Error as error:
            raise StateError(bad_location(location.hide(str(error)).strip())) from None
        settings = {**_SETTINGS, **asked, **location.secrets}
        if has_own_timeout and "connect_timeout" not in asked:
            del settings["connect_timeout"]  # a parameter would win over the variable
        self._location = location
        self._pool = _Pool(lambda: _connected(settings))
        self.environment = environment

    def place(self, key: str) -> str:
        """Return the database, without a password, and the row in it."""
        return f"{self._location.shown} (table {self._location.table}, {self.environment}/{key})"

    def create(self, key: str, data: bytes) -> None:
        """Write a new row, durably; see ``Backend``.

        Where an answer was lost and the statement sent again, ``KeyTaken`` may be about our own bytes.
        """
        if not self._write(_CREATE, key, data):
            raise KeyTaken(key)

    def put(self, key: str, data: bytes) -> None:
        """Write a row over whatever is there, durably; see ``Backend``."""
        self._write(_PUT, key, data)

    def read(self, key: str) -> bytes:
        """Return the bytes of a key; see ``Backend``."""
        for row in self._rows(_READ, key, key=checked(key)):
            return bytes(row[0])
        raise KeyMissing(key)

    def list(self, folder: str) -> list[str]:
        """Return the full keys below ``folder``, sorted; see ``Backend``."""
        return [str(row[0]) for row in self._rows(_LIST, folder, begin=f"{checked(folder)}/", end=f"{folder}0")]

    def delete(self, key: str) -> None:
        """Remove a row; see ``Backend``."""
        statement = _DURABLY + self._statement(_DELETE)
        with self._translated("delete", key), contextlib.suppress(UndefinedTable, InvalidSchemaName):
            self._ask(statement, key=checked(key))

    def written_at(self, key: str) -> datetime | None:
        """Return when a row was last written, by the server's clock; see ``Dated``."""
        for row in self._rows(_WRITTEN, key, key=checked(key)):
            return datetime.fromtimestamp(row[0], UTC)
        raise KeyMissing(key)

    def _write(self, statement: str, key: str, data: bytes) -> int:
        """Return how many rows were written. Where there is no table yet, it is made."""
        query = _DURABLY + self._statement(statement)
        with self._translated("write", key):
            try:
                return self._ask(query, key=checked(key), data=data).count
            except (UndefinedTable, InvalidSchemaName):
                self._make_table()
            return self._ask(query, key=key, data=data).count

    def _rows(self, statement: str, place: str, **values: str) -> Rows:
        """Return what a query finds; nothing while there is no table. A read that failed never looks like nothing."""
        with self._translated("read", place):
            try:
                return self._ask(_LIMIT + self._statement(statement), **values).rows
            except (UndefinedTable, InvalidSchemaName):
                return []

    def _make_table(self) -> None:
        # A role may have been given a schema, and no right to make one: CREATE SCHEMA asks for that right even then.
        has_schema = self._ask(_LIMIT + self._statement(_HAS_SCHEMA)).rows
        make = _MAKE_TABLE if has_schema else _MAKE_SCHEMA + _MAKE_TABLE
        self._ask(_LIMIT + self._statement(_ALONE + make))

    def _statement(self, text: str) -> sql.Composed:
        schema = self._location.schema
        return sql.SQL(text).format(
            table=sql.Identifier(schema, TABLE), schema=sql.Identifier(schema), schema_text=sql.Literal(schema)
        )

    def _ask(self, query: sql.Composed, **values: str | bytes) -> _Answer:
        """Send one message and return the last answer. A connection that had been dropped is replaced, once."""
        values["environment"] = self.environment
        with self._pool.connection() as connection:
            was_used = connection.was_used
            try:
                return connection.ask(query, values)
            except psycopg.OperationalError:
                # Only one that lay idle may have been dropped meanwhile; a new one that fails is the trouble itself.
                if not (was_used and connection.closed):
                    raise
        self._pool.forget_idle()
        with self._pool.connection() as connection:
            return connection.ask(query, values)

    @contextlib.contextmanager
    def _translated(self, doing: str, key: str) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise trouble(doing, self.place(key), error, self._location) from None


@dataclass(frozen=True, slots=True)
class _Answer:
    rows: Rows
    count: int


class _Connection(psycopg.Connection[tuple[Any, ...]]):
    """A connection on which no call waits for ever."""

    was_used = False
    _deadline = float("inf")

    def ask(self, query: sql.Composed, values: Mapping[str, str | bytes]) -> _Answer:
        """Return what the last statement of ``query`` answers."""
        self.was_used, self._deadline = True, time.monotonic() + STATEMENT_SECONDS + GRACE_SECONDS
        with ClientCursor(self) as cursor:
            cursor.execute(query, values)
            while cursor.nextset():
                pass
            return _Answer(cursor.fetchall() if cursor.description else [], cursor.rowcount)

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **kwargs: Any) -> T:
        """Wait as psycopg does, which looks in ten times a second, and no longer than to the deadline."""
        return super().wait(self._in_time(gen), *args, **kwargs)

    def _in_time(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > self._deadline:
                    seconds = STATEMENT_SECONDS + GRACE_SECONDS
                    raise psycopg.OperationalError(f"the server has not answered for {seconds:.0f} s")
                wanted = gen.send(ready)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]


def _connected(settings: Mapping[str, Any]) -> _Connection:
    return _Connection.connect(**settings, autocommit=True, prepare_threshold=None)


class _Pool:
    """Connections, made when they are needed and kept; each serves one thread at a time."""

    def __init__(self, connect: Callable[[], _Connection]) -> None:
        self._connect = connect
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._idle: list[_Connection] = []
        weakref.finalize(self, _close, self._idle)

    @contextlib.contextmanager
    def connection(self) -> Iterator[_Connection]:
        """Yield a connection that nobody else uses meanwhile."""
        with self._places:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._connect()
            try:
                yield connection
            finally:
                # Interrupted, or given up on, it is in the middle of something: nobody could use it any more.
                if not connection.closed and connection.info.transaction_status is TransactionStatus.IDLE:
                    self._idle.append(connection)
                else:
                    connection.close()

    def forget_idle(self) -> None:
        """Close what nobody uses just now: what dropped one connection has dropped the others too."""
        _close(self._idle)


def _close(idle: list[_Connection]) -> None:
    with contextlib.suppress(IndexError):
        while True:
            idle.pop().close()
