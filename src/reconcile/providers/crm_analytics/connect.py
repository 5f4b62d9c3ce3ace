"""From a connection's settings to something that reads or writes over HTTP."""

from __future__ import annotations

from reconcile.core.errors import ObjectNotFound
from reconcile.core.request import Request
from reconcile.providers.answer import Answer
from reconcile.providers.auth import Auth, BearerToken
from reconcile.providers.base import Surroundings
from reconcile.providers.cli_login import SfCli
from reconcile.providers.crm_analytics import kinds
from reconcile.providers.crm_analytics.api import HEADERS, Api
from reconcile.providers.crm_analytics.convert import plain
from reconcile.providers.crm_analytics.reader import ScheduleReader
from reconcile.providers.http import (
    ReadClient,
    Timing,
    WriteClient,
    open_once_client,
    open_read_client,
    open_write_client,
)
from reconcile.providers.oauth import ClientCredentials, JwtBearer, RefreshToken
from reconcile.providers.settings import Settings
from reconcile.providers.translate import describe

# Salesforce says 403 for a limit that waiting will not lift (page 1.6).
LIMITS = frozenset(("REQUEST_LIMIT_EXCEEDED",))


class ScheduleWriter(ScheduleReader):
    """Reads and writes schedules."""

    def __init__(
        self, name: str, client: WriteClient, base: str, surroundings: Surroundings, *, asks_limits: bool = True
    ) -> None:
        super().__init__(name, Api(client, base), surroundings, client.close, asks_limits=asks_limits)
        self._client = client

    def send(self, request: Request) -> None:
        """Make the call; returns when the platform took it. What it answers says nothing (page 1.3): read it back."""
        try:
            self._client.send(request)
        except ObjectNotFound:
            # There may have been no schedule to delete (page 1.3, undocumented): reading back tells.
            if request.method != "DELETE":
                raise


def open_reader(name: str, connection: kinds.Connection, surroundings: Surroundings) -> ScheduleReader:
    """Return a reader whose client can do nothing but GET. Makes no call yet."""
    settings = Settings.of(connection.instance_url, connection)
    client = open_read_client(
        name, settings, _login(connection), surroundings, describe=_describe, limits=LIMITS, headers=HEADERS
    )
    # What the settings say counts, so nobody else is asked (the org tells of this one limit only).
    asks_limits = connection.limits.runs_a_day is None
    api = Api(client, connection.base_path)
    return ScheduleReader(name, api, surroundings, client.close, asks_limits=asks_limits)


def open_writer(name: str, connection: kinds.Connection, surroundings: Surroundings) -> ScheduleWriter:
    """Return a writer. Makes no call yet."""
    settings = Settings.of(connection.instance_url, connection)
    client = open_write_client(
        name, settings, _login(connection), surroundings, describe=_describe, limits=LIMITS, headers=HEADERS
    )
    asks_limits = connection.limits.runs_a_day is None
    return ScheduleWriter(name, client, connection.base_path, surroundings, asks_limits=asks_limits)


def open_look_client(
    name: str, connection: kinds.Connection, surroundings: Surroundings, settings: Settings
) -> ReadClient:
    """Return a client that can do nothing but GET, for a look at the org; ``settings`` say how long it may take."""
    return open_read_client(
        name, settings, _login(connection), surroundings, describe=_describe, limits=LIMITS, headers=HEADERS
    )


def open_job_client(
    name: str, connection: kinds.Connection, surroundings: Surroundings, timing: Timing | None = None
) -> WriteClient:
    """Return a client that sends every request once, for jobs. Makes no call yet."""
    return open_once_client(
        name,
        Settings.of(connection.instance_url, connection),
        _login(connection),
        surroundings,
        describe=_describe,
        limits=LIMITS,
        headers=HEADERS,
        timing=timing,
    )


def _describe(answer: Answer) -> tuple[str | None, str]:
    code, words = describe(answer)
    return code, plain(words)


def _login(connection: kinds.Connection) -> Auth:
    match connection.auth:
        case kinds.ClientCredentials(client_id=client_id, client_secret=secret):
            return ClientCredentials(client_id, secret.get_secret_value())
        case kinds.JwtBearer() as jwt:
            key = jwt.private_key.get_secret_value() if jwt.private_key else None
            return JwtBearer(jwt.client_id, jwt.username, key, jwt.private_key_file, jwt.login_url, jwt.audience)
        case kinds.RefreshToken() as refresh:
            client_secret = refresh.client_secret.get_secret_value() if refresh.client_secret else None
            return RefreshToken(
                refresh.client_id, refresh.refresh_token.get_secret_value(), client_secret, refresh.login_url
            )
        case kinds.AccessToken(access_token=token):
            return BearerToken(token.get_secret_value())
        case kinds.SfCli(org=org):
            return SfCli(org)
