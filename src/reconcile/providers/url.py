"""Which URLs may be used, what of one may be shown, and which proxy leads there."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

import httpx

# As it goes over the wire: a name (international ones encoded), or an address of either kind.
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")


def url_problem(url: str) -> str:
    """Return what is wrong with ``url`` as the address of a platform; empty when it may be used.

    https is required except on this machine, where nobody listens in (127.0.0.0/8, ::1, localhost).
    """
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, ValueError):
        return "it is no URL"
    if parsed.host and not _HOST.fullmatch(parsed.raw_host.decode("ascii")):
        return "its host is no host"
    if parsed.port is not None and not 0 < parsed.port < 65_536:
        return "its port is no port"
    if parsed.userinfo:
        return "it holds a user name or password; credentials belong under auth"
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        return "it must begin with https:// and a host"
    if parsed.query or parsed.fragment:
        return "it must end with the path, without ? or #"
    if parsed.scheme == "http" and not is_loopback(parsed.host):
        return "it must begin with https://; http is for this machine only (127.0.0.1, ::1, localhost)"
    return ""


def without_secrets(url: str) -> str:
    """Return ``url`` as it may be shown: without user name, password, query and fragment."""
    try:
        parsed = httpx.URL(url)
        if parsed.host:
            return str(parsed.copy_with(username=None, password=None, query=None, fragment=None))
    except (httpx.InvalidURL, ValueError):
        pass
    # No URL: whatever stands before an @ may be a password, and anything after a question mark too.
    scheme, separator, rest = url.partition("://") if "://" in url else ("", "", url)
    return scheme + separator + re.split(r"[?#]", rest.rpartition("@")[2])[0]


def is_loopback(host: str) -> bool:
    """Say whether ``host`` is this machine by its very name: no look-up decides about safety."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Return scheme, host and port, the port always given: what must stay the same for credentials to be sent."""
    return url.scheme, url.host.lower(), url.port or {"http": 80, "https": 443}.get(url.scheme)


def proxy_for(base: httpx.URL, environment: Mapping[str, str]) -> str | None:
    """Return the proxy that the environment names for this platform, or None. Never one for this machine.

    ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` as httpx and curl understand them, in small
    letters too, which win.
    """
    if is_loopback(base.host):
        return None

    def value(name: str) -> str:
        return environment.get(name.lower()) or environment.get(name.upper()) or ""

    if any(_covers(entry.strip().lower(), base) for entry in value("no_proxy").split(",")):
        return None
    found = value(f"{base.scheme}_proxy") or value("all_proxy")
    return (found if "://" in found else f"http://{found}") if found else None


def _covers(entry: str, base: httpx.URL) -> bool:
    if entry == "*":
        return True
    host, colon, port = entry.rpartition(":")
    if colon and port.isdigit() and not host.endswith(":"):
        if int(port) != origin(base)[2]:
            return False
        entry = host
    entry = entry.strip("[]").removeprefix("*").removeprefix(".")
    name = base.host.lower()
    return bool(entry) and (name == entry or name.endswith("." + entry))
