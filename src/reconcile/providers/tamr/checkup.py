"""Whether a tenant can be worked with: reached, logged in to, asked for jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from reconcile.core.checkup import Finding, fail, ok
from reconcile.core.errors import BadAnswer, ObjectNotFound, ReconcileError
from reconcile.providers.answer import Answer
from reconcile.providers.auth import ApiKey
from reconcile.providers.base import Surroundings
from reconcile.providers.checkup import clock, hasty, reach, token_end, unreached
from reconcile.providers.http import open_read_client
from reconcile.providers.settings import Settings
from reconcile.providers.tamr.api import JOBS
from reconcile.providers.tamr.kinds import Connection

VERSION = "v1beta1"


def object_of(answer: Answer) -> None:
    """Raise ``BadAnswer`` when an answer is no object: then something else than Tamr answers at this address."""
    if not isinstance(answer.json(), dict):
        raise BadAnswer(f"{answer.place}: expected a list of jobs, got {answer.excerpt()}")


def checkup(
    name: str, connection: Connection, surroundings: Surroundings, now: Callable[[], datetime]
) -> Iterator[Finding]:
    """Yield what is found about one tenant, in the order in which it is looked at."""
    settings = hasty(Settings.of(connection.base_url, connection))
    if not (yield from reach(settings, surroundings.environment)):
        yield unreached()
        return
    key = connection.auth.api_key.get_secret_value()
    yield from token_end(key, now())
    client = open_read_client(name, settings, ApiKey(key), surroundings)
    try:
        object_of(client.get(JOBS, {"pageSize": 1}))
    except (ObjectNotFound, BadAnswer) as error:
        hint = "base_url should be https://TENANT.tamr.cloud"
        yield fail("api-version", f"the Jobs API {VERSION} is not there: {error.diagnostics[0].detail}", hint)
        return
    except ReconcileError as error:
        told = error.diagnostics[0]
        yield fail("login", told.detail or told.summary, told.hint)
        return
    finally:
        client.close()
    yield ok("login", "logged in (api_key)")
    yield clock(client.server_time, now())
    yield ok("api-version", f"Jobs API {VERSION}")
    yield ok("read", "jobs can be listed")
    # Platform page 1.1: no finer check of roles on the Jobs API.
    yield ok("write", "every API key of a tenant may start and stop jobs")
