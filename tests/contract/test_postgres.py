"""What is PostgreSQL's own: rights, refusals, connections that go away, and two who come first."""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import StateError
from reconcile.state import postgres_table
from reconcile.state.backend import Backend, KeyMissing, KeyTaken
from reconcile.state.postgres import open_postgres
from reconcile.state.store import Store
from stores.postgres import PostgresServer
from stores.wire import wire

KEY = "lock.json"
PASSWORD = "open-sesame-now"


@pytest.fixture
def server(postgres_server: PostgresServer) -> PostgresServer:
    return postgres_server


@pytest.fixture
def url(server: PostgresServer) -> str:
    """A schema that nobody has made, with sessions that can be told from those of other tests."""
    url = server.fresh()
    return f"{url}&application_name=test-{schema_of(url)}"


@pytest.fixture
def backend(url: str) -> Backend:
    return at(url)


def at(url: str, environment: str = "prod") -> Backend:
    return open_postgres(url, environment, os.environ)


def schema_of(url: str) -> str:
    return url.partition("schema=")[2].partition("&")[0]


def failing(call: Callable[[], object]) -> Diagnostic:
    """Return what a call fails with: one error with a place, a reason and a way out, and without the password."""
    with pytest.raises(StateError) as caught:
        call()
    (found,) = caught.value.diagnostics
    assert found.hint
    assert PASSWORD not in f"{found}"
    assert "\n" not in found.detail
    return found


@dataclass(frozen=True)
class User:
    """A user who may log in, and nothing else, and a location in their name."""

    name: str
    url: str
    port: int


@pytest.fixture
def pat(server: PostgresServer, url: str) -> User:
    name = server.role(PASSWORD)
    return User(name, server.url(name, password=PASSWORD, schema=schema_of(url)), server.port)


# -- rights and refusals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "password", "code", "word"),
    [
        ("", "not-it", "state-credentials-refused", "password authentication failed"),
        ("", "", "state-credentials", "no password supplied"),
        ("nobody", PASSWORD, "state-credentials-refused", '"nobody"'),
    ],
)
def test_a_login_that_is_refused(
    server: PostgresServer, pat: User, user: str, password: str, code: str, word: str
) -> None:
    user = user or pat.name
    place = at(server.url(user, password=password))
    for call in (lambda: place.list("state"), lambda: place.read(KEY), lambda: place.create(KEY, b"x")):
        found = failing(call)
        assert found.code == code
        assert word in found.detail
        assert f"postgresql://{user}@127.0.0.1:{pat.port}/reconcile" in found.detail
        assert "PGPASSWORD" in found.hint


def test_the_password_comes_from_where_libpq_takes_it(
    server: PostgresServer, pat: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = at(server.url(pat.name))
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert place.list("state") == []


def test_a_database_that_is_not_there_is_not_empty(server: PostgresServer) -> None:
    found = failing(lambda: at(server.url(database="nope")).list("state"))
    assert found.code == "state-no-database"
    assert '"nope" does not exist' in found.detail


def test_nobody_listens(server: PostgresServer) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        found = failing(lambda: at(f"postgresql://kim@127.0.0.1:{closed.getsockname()[1]}/x").list("state"))
    assert found.code == "state-unreachable"
    assert "Connection refused" in found.detail


@pytest.mark.parametrize("mode", ["require", "verify-full"])
def test_a_server_without_tls(server: PostgresServer, mode: str) -> None:
    assert failing(lambda: at(server.url(sslmode=mode)).list("state")).code == "state-tls"


def test_a_user_who_may_not_make_a_schema(pat: User, url: str) -> None:
    place = at(pat.url)
    assert place.list("state") == []
    found = failing(lambda: place.create(KEY, b"x"))
    assert found.code == "state-forbidden"
    assert f"CREATE SCHEMA {schema_of(url)} AUTHORIZATION" in found.hint


def test_a_user_needs_no_right_to_make_what_is_there(
    server: PostgresServer, pat: User, backend: Backend, url: str
) -> None:
    """Made once by somebody who may; from then on four rights do, and one does for plans."""
    backend.create(KEY, b"x")
    schema, place = schema_of(url), at(pat.url)
    found = failing(lambda: place.list("state"))
    assert (found.code, f"USAGE, CREATE ON SCHEMA {schema}" in found.hint) == ("state-forbidden", True)
    server.execute(f"GRANT USAGE ON SCHEMA {schema} TO {pat.name}")
    found = failing(lambda: place.read(KEY))
    assert found.code == "state-forbidden"
    assert f"GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.reconcile_state" in found.hint
    server.execute(f"GRANT SELECT ON {schema}.reconcile_state TO {pat.name}")
    assert place.read(KEY) == b"x"
    for call in (lambda: place.create("a", b""), lambda: place.put(KEY, b""), lambda: place.delete(KEY)):
        assert failing(call).code == "state-forbidden"
    server.execute(f"GRANT INSERT, UPDATE, DELETE ON {schema}.reconcile_state TO {pat.name}")
    place.create("a", b"1")
    place.put("a", b"2")
    assert place.read("a") == b"2"
    place.delete("a")


def test_a_schema_of_ones_own_is_enough(server: PostgresServer, pat: User, url: str) -> None:
    """No right to make schemas is asked for where there is one."""
    server.execute(f"CREATE SCHEMA {schema_of(url)} AUTHORIZATION {pat.name}")
    place = at(pat.url)
    place.create(KEY, b"x")
    assert place.read(KEY) == b"x"


def test_a_database_that_takes_no_writes(server: PostgresServer, pat: User, backend: Backend, url: str) -> None:
    """As a replica does: reading works."""
    backend.create(KEY, b"x")
    server.execute(f"ALTER ROLE {pat.name} SET default_transaction_read_only = on", f"GRANT reconcile TO {pat.name}")
    place = at(pat.url)
    assert place.read(KEY) == b"x"
    for call in (lambda: place.create("a", b""), lambda: place.put(KEY, b""), lambda: place.delete(KEY)):
        found = failing(call)
        assert found.code == "state-read-only"
        assert "primary" in found.hint


def test_a_table_of_somebody_else(server: PostgresServer, backend: Backend, url: str) -> None:
    server.execute(f"CREATE SCHEMA {schema_of(url)} AUTHORIZATION reconcile")
    server.execute("SET ROLE reconcile", f"CREATE TABLE {schema_of(url)}.reconcile_state (n int)")
    for call in (lambda: backend.list("state"), lambda: backend.create(KEY, b"x")):
        assert failing(call).code == "state-unsuitable"
    assert server.execute(f"SELECT count(*) FROM {schema_of(url)}.reconcile_state") == [(0,)]


# -- what is kept ------------------------------------------------------------------------------------------------------


def test_reading_makes_nothing(server: PostgresServer, backend: Backend, url: str) -> None:
    assert backend.list("state") == []
    with pytest.raises(KeyMissing):
        backend.read(KEY)
    backend.delete(KEY)
    assert server.execute(f"SELECT 1 FROM pg_namespace WHERE nspname = '{schema_of(url)}'") == []


def test_letters_that_mean_something_elsewhere(backend: Backend) -> None:
    for key in ("a_b/1", "axb/1", "a-b/1", "a/1", "A/1", "a/2", "a/10"):
        backend.create(key, b"%s {} \\ ' \x00")
    assert backend.list("a_b") == ["a_b/1"]
    assert backend.list("a") == ["a/1", "a/10", "a/2"]
    assert backend.read("a_b/1") == b"%s {} \\ ' \x00"


def test_environments_and_schemas_are_apart(server: PostgresServer, url: str) -> None:
    places = [at(url, "dev"), at(url, "prod"), at(server.fresh(), "prod")]
    for number, place in enumerate(places):
        place.create(KEY, b"%d" % number)
    assert [place.read(KEY) for place in places] == [b"0", b"1", b"2"]
    places[0].delete(KEY)
    assert places[1].read(KEY) == b"1"


def test_a_large_state_is_kept(backend: Backend) -> None:
    data = os.urandom(3_000_000)
    backend.create("state/00000001.json", data)
    assert backend.read("state/00000001.json") == data


def test_when_a_key_was_written_is_the_servers_time(server: PostgresServer, backend: Backend) -> None:
    assert isinstance(backend, postgres_table.PostgresTable)
    with pytest.raises(KeyMissing):
        backend.written_at(KEY)
    backend.create(KEY, b"1")
    first = backend.written_at(KEY)
    backend.put(KEY, b"2")
    second = backend.written_at(KEY)
    assert first
    assert second
    assert first < second
    (now,) = server.execute("SELECT extract(epoch FROM clock_timestamp())::float8")[0]
    assert timedelta() <= datetime.fromtimestamp(now, UTC) - second < timedelta(minutes=1)


def test_a_stricter_isolation_is_no_trouble(server: PostgresServer, pat: User, backend: Backend, url: str) -> None:
    server.execute(
        f"ALTER ROLE {pat.name} SET default_transaction_isolation = serializable", f"GRANT reconcile TO {pat.name}"
    )
    backend.create(KEY, b"x")
    place = at(pat.url)
    with pytest.raises(KeyTaken):
        place.create(KEY, b"y")
    place.put(KEY, b"z")
    assert backend.read(KEY) == b"z"


def test_a_role_without_durability_writes_durably_all_the_same(server: PostgresServer, pat: User, url: str) -> None:
    server.execute(
        f"CREATE SCHEMA {schema_of(url)} AUTHORIZATION {pat.name}",
        f"ALTER ROLE {pat.name} SET synchronous_commit = off",
    )
    place = at(pat.url)
    place.create("seen/1", b"")
    table = f"{schema_of(url)}.reconcile_state"
    # What the setting is while a row is written, written into the row itself.
    server.execute(
        f"CREATE FUNCTION {schema_of(url)}.look() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.data = convert_to(current_setting('synchronous_commit'), 'UTF8'); RETURN NEW; END $$",
        f"GRANT EXECUTE ON FUNCTION {schema_of(url)}.look TO {pat.name}",
        f"CREATE TRIGGER look BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {schema_of(url)}.look()",
    )
    place.create("seen/2", b"")
    assert place.read("seen/2") == b"on"


def test_nothing_stays_behind_in_a_session(server: PostgresServer, backend: Backend) -> None:
    """What a proxy that pools transactions would hand on to the next one: settings, statements, locks."""
    backend.create(KEY, b"x")
    backend.put(KEY, b"y")
    assert backend.list("state") == []
    assert isinstance(backend, postgres_table.PostgresTable)
    (connection,) = backend._pool._idle
    settings = connection.execute("SELECT name FROM pg_settings WHERE source = 'session'").fetchall()
    assert [name for (name,) in settings if name in ("statement_timeout", "synchronous_commit")] == []
    assert connection.execute("SELECT * FROM pg_prepared_statements").fetchall() == []
    held = connection.execute("SELECT 1 FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'")
    assert held.fetchall() == []


# -- connections that go away ------------------------------------------------------------------------------------------


def sessions(server: PostgresServer, url: str) -> list[int]:
    """Return the sessions of everybody who uses ``url``."""
    name = f"test-{schema_of(url)}"
    return [pid for (pid,) in server.execute(f"SELECT pid FROM pg_stat_activity WHERE application_name = '{name}'")]


def test_a_connection_dropped_while_idle_is_replaced(server: PostgresServer, backend: Backend, url: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: backend.create("state/00000002.json", b"2"),
        lambda: backend.put(KEY, b"3"),
        lambda: backend.list("state"),
        lambda: backend.read(KEY),
        lambda: backend.delete(KEY),
    ]
    backend.create("state/00000001.json", b"1")
    for call in calls:
        before = sessions(server, url)
        server.execute(*(f"SELECT pg_terminate_backend({pid}, 10000)" for pid in before))
        call()
        assert not set(before) & set(sessions(server, url))
    assert backend.list("state") == ["state/00000001.json", "state/00000002.json"]


def test_connections_end_with_the_place(server: PostgresServer, url: str) -> None:
    place = at(url)
    place.create(KEY, b"x")
    (pid,) = sessions(server, url)
    del place
    gc.collect()
    # The server takes note of it in its own time.
    server.execute(f"SELECT pg_terminate_backend({pid}, 10000)")
    assert sessions(server, url) == []


def test_an_answer_that_is_lost_is_asked_for_again(server: PostgresServer, backend: Backend, url: str) -> None:
    """The row was written and nobody said so: the second try finds it, and the store sees that it is its own."""
    with wire(server.port) as between:
        place = at(url.replace(f":{server.port}/", f":{between.port}/"))
        place.create("first", b"")  # so that the connection is an old one
        between.lose_an_answer()
        with pytest.raises(KeyTaken):
            place.create("second", b"2")
        assert backend.read("second") == b"2"
        store = Store(place)
        written = store.write(store.latest(), {}, None, at="2026-11-22T14:00:00Z", guard=between.lose_an_answer)
        assert written.serial == 1
        assert Store(backend).latest() == written


def test_a_server_that_does_not_answer_is_given_up_on(
    server: PostgresServer, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the journal nor a renewal waits for ever."""
    monkeypatch.setattr(postgres_table, "STATEMENT_SECONDS", 0.1)
    monkeypatch.setattr(postgres_table, "GRACE_SECONDS", 0.1)
    with wire(server.port) as between:
        place = at(url.replace(f":{server.port}/", f":{between.port}/"))
        place.create(KEY, b"1")
        between.die()
        found = failing(lambda: place.put(KEY, b"2"))
    assert found.code == "state-busy"
    assert "has not answered" in found.detail


def test_a_statement_that_waits_too_long_is_ended_by_the_server(
    server: PostgresServer, backend: Backend, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.create(KEY, b"1")
    limit = sql.Composed([sql.SQL("SET LOCAL statement_timeout = 50; ")])
    monkeypatch.setattr(postgres_table, "_DURABLY", limit)
    table = f"{schema_of(url)}.reconcile_state"
    with psycopg.connect(server.url("postgres", password=server.password)) as other:
        other.execute(f"LOCK TABLE {table}".encode())
        found = failing(lambda: backend.put(KEY, b"2"))
        other.rollback()
    assert found.code == "state-busy"
    assert "statement timeout" in found.detail
    backend.put(KEY, b"3")


def test_threads_do_not_wait_for_each_other(server: PostgresServer, backend: Backend, url: str) -> None:
    """While one statement is held up, others are answered, on connections of their own."""
    backend.create("held", b"1")
    with psycopg.connect(server.url("postgres", password=server.password)) as other:
        other.execute(f"SELECT * FROM {schema_of(url)}.reconcile_state WHERE key = 'held' FOR UPDATE".encode())
        held = threading.Thread(target=backend.put, args=("held", b"2"))
        held.start()
        for number in range(20):
            backend.create(f"free/{number}", b"")
        assert held.is_alive()
        assert len(backend.list("free")) == 20
        other.rollback()
        held.join()
    assert backend.read("held") == b"2"


def test_there_are_never_many_connections(server: PostgresServer, backend: Backend, url: str) -> None:
    backend.create("first", b"")
    threads = [threading.Thread(target=backend.put, args=(f"k{n}", b"")) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= len(sessions(server, url)) <= postgres_table.MOST_CONNECTIONS


# -- two who come first ------------------------------------------------------------------------------------------------

RACER = """
import os, sys
from reconcile.state.backend import KeyTaken
from reconcile.state.postgres import open_postgres
place = open_postgres(sys.argv[1], "prod", os.environ)
print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    try:
        place.create(f"state/{number:08d}.json", sys.argv[2].encode())
    except KeyTaken:
        continue
    print(number, end=" ")
"""


def test_of_many_processes_one_creates_and_all_find_the_table(backend: Backend, url: str) -> None:
    """The first runs of all, at once: the table is made by one of them, each key is one's."""
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, url, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(3)
    ]
    for racer in racers:
        assert racer.stdout
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = [[int(word) for word in racer.communicate()[0].split()] for racer in racers]
    assert all(racer.returncode == 0 for racer in racers)
    assert sorted(number for numbers in won for number in numbers) == list(range(20))
    for number, numbers in enumerate(won):
        assert all(backend.read(f"state/{n:08d}.json") == b"%d" % number for n in numbers)


def test_of_many_threads_that_make_the_table_none_fails(server: PostgresServer) -> None:
    for _ in range(5):
        url, failed = server.fresh(), list[Exception]()
        barrier = threading.Barrier(6)

        def first(place: Backend, key: str, failed: list[Exception] = failed, at: threading.Barrier = barrier) -> None:
            at.wait()
            try:
                place.create(key, b"x")
            except Exception as error:
                failed.append(error)

        places = [at(url) for _ in range(6)]
        threads = [threading.Thread(target=first, args=(place, f"k{n}")) for n, place in enumerate(places)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
