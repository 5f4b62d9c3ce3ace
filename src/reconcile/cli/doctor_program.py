"""The program itself, looked at: which Python, which version, which extras."""

from __future__ import annotations

import platform
import sys
from importlib.util import find_spec

from reconcile import __version__
from reconcile.core.checkup import Checked, Finding, fail, ok, warn

OLDEST = (3, 11)
# Extra -> a module that only it brings.
EXTRAS = {
    "alerts": "apprise",
    "aws": "boto3",
    "gcp": "google.auth",
    "jwt": "jwt",
    "postgresql": "psycopg",
    "sandbox": "starlette",
    "telemetry": "opentelemetry",
}


def program_check() -> Checked:
    """Return what is found of the program."""
    return Checked("program", (_version(), _python(), _yaml(), _extras()))


def _version() -> Finding:
    return ok("reconcile", __version__)


def _python() -> Finding:
    words = f"{platform.python_version()} on {platform.system()}"
    if sys.version_info[:2] < OLDEST:
        return fail("python", words, f"Python {'.'.join(map(str, OLDEST))} or newer is needed")
    return ok("python", words)


def _yaml() -> Finding:
    from reconcile.config.document import IS_FAST

    if IS_FAST:
        return ok("yaml", "PyYAML with libyaml")
    return warn("yaml", "PyYAML without libyaml: files are read slowly", "install a PyYAML wheel for your platform")


def _extras() -> Finding:
    there = [extra for extra, module in EXTRAS.items() if _is_there(module)]
    rest = [extra for extra in EXTRAS if extra not in there]
    words = f"installed: {', '.join(there) or 'none'}"
    return ok("extras", f"{words}; not installed: {', '.join(rest)}" if rest else words)


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of a package that the module would be in
        return False
