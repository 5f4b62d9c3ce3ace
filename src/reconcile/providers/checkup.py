"""What there is to check of any connection: the way there, the token, the clock. Reads only, each call once."""

from __future__ import annotations

import base64
import binascii
import json
import shutil
import socket
import ssl
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TypeVar

import httpx

from reconcile.core.checkup import Finding, fail, ok, skip, warn
from reconcile.core.errors import PlatformError, ReconcileError
from reconcile.core.lapse import readable
from reconcile.providers.settings import Settings
from reconcile.providers.transport import ssl_context
from reconcile.providers.url import proxy_for

Result = TypeVar("Result")

# Seconds for each step of a connection, and for each answer: somebody sits in front of it.
STEP_SECONDS = 5.0
# A clock that is further off, in seconds, makes signed logins fail and times of runs look wrong.
CLOCK_SECONDS = 60
# A token, and a certificate, that ends sooner than this (seconds, days) is worth a word.
TOKEN_SECONDS = 600
CERTIFICATE_DAYS = 14

_DAY = 86_400


def hasty(settings: Settings) -> Settings:
    """Return settings for a look: one try of each call, and no long wait."""
    return replace(settings, attempts=1, timeout=min(settings.timeout, STEP_SECONDS), longest_wait=STEP_SECONDS)


def program(name: str, environment: Mapping[str, str]) -> Finding:
    """Return whether a program that a login needs is there."""
    found = shutil.which(name, path=environment.get("PATH"))
    if found:
        return ok("program", f"{name} is {found}")
    return fail("program", f"the program {name} is not on the PATH", f"install {name}, or use another auth method")


def package(module: str, extra: str) -> Finding:
    """Return whether a package that a login needs is there; ``extra`` is the extra of ours that brings it."""
    if find_spec(module) is not None:
        return ok("package", f"{module} is installed")
    return fail("package", f"the package {module} is not installed", f'pip install "reconcile[{extra}]"')


def reach(settings: Settings, environment: Mapping[str, str]) -> Generator[Finding, None, bool]:
    """Yield what is found on the way to a platform: its name, its port, its certificate. Return whether it is open."""
    if not settings.base_url:
        yield skip("address", "the login says where the platform is")
        return True
    url = httpx.URL(settings.base_url)
    proxy = proxy_for(url, environment)
    target = httpx.URL(proxy) if proxy else url
    host, port = target.host, target.port or (443 if target.scheme == "https" else 80)
    by = " (the proxy of the environment)" if proxy else ""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        hint = "check HTTPS_PROXY" if proxy else "check the URL in reconcile.yaml, and the network (VPN)"
        yield fail("address", f"no host is called {host}{by}", hint)
        return False
    number = str(found[0][4][0])
    yield ok("address", f"{host}{by}" if number == host else f"{host}{by} is {number}")
    try:
        with socket.create_connection((host, port), timeout=STEP_SECONDS) as wire:
            yield ok("connection", f"port {port} is open")
            if url.scheme == "https" and not proxy:
                finding = _certificate(wire, host, settings)
                yield finding
                return finding.verdict != "fail"
    except OSError as error:
        reason = "no answer in time" if isinstance(error, TimeoutError) else error.strerror or str(error)
        hint = "check the URL, the network (VPN), and whether a proxy is needed (HTTPS_PROXY)"
        yield fail("connection", f"port {port} of {host} cannot be reached: {reason}", hint)
        return False
    return True


def asked(check: str, call: Callable[[], Result]) -> Result | Finding:
    """Return what a call returns; a finding that it failed, with what the platform said of it."""
    try:
        return call()
    except ReconcileError as error:
        told = error.diagnostics[0]
        return fail(check, told.detail or told.summary, told.hint)


def clock(server: datetime | None, now: datetime) -> Finding:
    """Return how far this machine's clock is from the platform's, as its last answer told it."""
    if server is None:
        return skip("clock", "the platform's answers tell no time")
    seconds = (now - server).total_seconds()
    # The platform tells whole seconds, and an answer takes a while.
    if abs(seconds) <= CLOCK_SECONDS:
        return ok("clock", "this machine's clock and the platform's agree")
    words = f"this machine's clock is {readable(abs(seconds))} {'ahead of' if seconds > 0 else 'behind'} the platform's"
    return warn("clock", words, "set the clock (NTP): signed logins and times of runs go by it")


def token_end(token: str, now: datetime) -> Iterator[Finding]:
    """Yield when a token ends, where it is a JWT that says so. Its signature is not checked."""
    end = _expiry(token)
    if end is None:
        return
    left = (end - now).total_seconds()
    at = f"{end:%Y-%m-%d %H:%M:%S} UTC"
    if left <= 0:
        yield fail("token", f"the token ended at {at}", "get a new one: it cannot be renewed from here")
    elif left < TOKEN_SECONDS:
        yield warn("token", f"the token ends in {readable(left)}, at {at}", "get a new one before a longer run")
    else:
        soon = f"in {readable(left)}, " if left < _DAY else ""
        yield ok("token", f"the token ends {soon}at {at}")


def unreached() -> Finding:
    """Return that nothing more can be told of a connection."""
    return skip("login", "not tried: the platform cannot be reached")


def refused(error: PlatformError) -> bool:
    """Say whether the platform answered that it may not be done, and not that something else is wrong."""
    return error.status in (401, 403)


def _certificate(wire: socket.socket, host: str, settings: Settings) -> Finding:
    try:
        context = ssl_context(settings.ca_file, settings.verify)
        with context.wrap_socket(wire, server_hostname=host) as secure:
            ends = (secure.getpeercert() or {}).get("notAfter")
    except ssl.SSLCertVerificationError as error:
        hint = "if a company proxy or a private authority signed it, name its bundle as ca_file"
        return fail("certificate", f"not trusted: {error.verify_message}", hint)
    except OSError as error:
        return fail("certificate", f"no secure connection: {error.strerror or type(error).__name__}")
    if not settings.verify:
        hint = "name the bundle of your authority as ca_file instead"
        return warn("certificate", "not checked (verify: false)", hint)
    if not isinstance(ends, str):
        return ok("certificate", "trusted")
    end = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC)
    days = int((end - datetime.now(UTC)).total_seconds() // _DAY)
    if days < CERTIFICATE_DAYS:
        return warn("certificate", f"trusted, and ends in {days} days", "tell whoever runs the platform")
    return ok("certificate", f"trusted until {end:%Y-%m-%d}")


def _expiry(token: str) -> datetime | None:
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (binascii.Error, ValueError, TypeError, KeyError, OverflowError, OSError):
        return None
