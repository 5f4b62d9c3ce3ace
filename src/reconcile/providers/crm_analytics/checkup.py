"""Whether an org can be worked with: reached, logged in to, read, and (as far as it tells) written to.

Sources: REST API Developer Guide, "Versions" (``GET /services/data``) and "Limits"; Object Reference,
"UserPermissionAccess" (the permissions of whoever asks); platform page 2.1, 2.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from reconcile.core.checkup import Finding, fail, ok, skip, warn
from reconcile.providers.base import Surroundings
from reconcile.providers.checkup import asked, clock, hasty, package, program, reach, token_end, unreached
from reconcile.providers.crm_analytics import kinds
from reconcile.providers.crm_analytics.api import Api
from reconcile.providers.crm_analytics.connect import open_look_client
from reconcile.providers.http import ReadClient
from reconcile.providers.settings import Settings

# Lists show schedules of recipes since this version (platform page 2.1).
OLDEST = 53.0
USE = "PermissionsInsightsAppUser"
EDIT = "PermissionsInsightsAppEltEditor"
# Less than this part of a day's calls left is worth a word.
FEW = 0.1


def checkup(
    name: str, connection: kinds.Connection, surroundings: Surroundings, now: Callable[[], datetime]
) -> Iterator[Finding]:
    """Yield what is found about one org, in the order in which it is looked at."""
    match connection.auth.method:
        case "sf_cli":
            yield program("sf", surroundings.environment)
        case "jwt_bearer":
            yield package("jwt", "jwt")
    settings = hasty(Settings.of(connection.instance_url, connection))
    if not (yield from reach(settings, surroundings.environment)):
        yield unreached()
        return
    client = open_look_client(name, connection, surroundings, settings)
    try:
        yield from _inside(client, connection, now)
    finally:
        client.close()


def _inside(client: ReadClient, connection: kinds.Connection, now: Callable[[], datetime]) -> Iterator[Finding]:
    token = asked("login", client.login)
    if isinstance(token, Finding):
        yield token
        return
    yield from token_end(token.value, now())
    api = Api(client, connection.base_path)
    limits = asked("login", api.org_limits)
    if isinstance(limits, Finding):
        yield limits
        return
    yield ok("login", f"logged in ({connection.auth.method})")
    yield clock(client.server_time, now())
    yield _version(asked("api-version", api.versions), connection.api_version)
    yield from _calls_left(limits)
    read = asked("read", lambda: next(api.recipe_pages()))
    yield read if isinstance(read, Finding) else ok("read", "recipes and their schedules can be listed")
    yield _write(asked("write", lambda: api.permissions((USE, EDIT))))


def _version(found: tuple[str, ...] | Finding, used: str) -> Finding:
    if isinstance(found, Finding):
        return found
    newest = max(found, key=float, default="")
    if found and used not in found:
        return fail("api-version", f"the org has no API version {used}", f'set api_version: "{newest}"')
    if float(used) < OLDEST:
        return warn("api-version", f"{used} lists no schedules of recipes", f'set api_version: "{newest or OLDEST}"')
    return ok("api-version", f"{used}; the org's newest is {newest}" if newest else used)


def _calls_left(limits: Any) -> Iterator[Finding]:
    calls = limits.get("DailyApiRequests")
    most, left = (calls.get("Max"), calls.get("Remaining")) if isinstance(calls, dict) else (None, None)
    if not isinstance(most, int) or not isinstance(left, int) or most <= 0:
        return
    words = f"{left:,} of {most:,} API calls of this day are left"
    yield ok("calls", words) if left >= most * FEW else warn("calls", words, "wait, or have the limit raised")


def _write(found: dict[str, bool] | Finding) -> Finding:
    """Return whether schedules may be set: as far as the permissions of whoever asks tell."""
    if isinstance(found, Finding):
        return skip("write", "the org does not tell which permissions this user has")
    hint = "give the user a permission set with it"
    if not found.get(USE):
        return fail("write", "this user lacks the permission Use CRM Analytics", hint)
    if not found.get(EDIT):
        return warn("write", "this user lacks the permission Edit CRM Analytics Dataflows", hint)
    return ok("write", "this user may edit dataflows and recipes")
