"""Tailer's endpoints: setters, the launch, statuses; and what counts as done."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import BadAnswer, ObjectNotFound, Rejected
from reconcile.core.request import Json, Request
from reconcile.core.snapshot import Unreadable
from reconcile.providers.answer import Answer
from reconcile.providers.auth import Auth, BearerToken
from reconcile.providers.base import Found, Readings, Sought, Surroundings, Wanted
from reconcile.providers.cli_login import TailerCli
from reconcile.providers.http import WriteClient, open_write_client
from reconcile.providers.settings import Settings
from reconcile.providers.signature import ServiceAccount
from reconcile.providers.tailer import kinds
from reconcile.providers.tailer.operations import identity

_HINT = "check the id and the type: Tailer says the same for what it does not know and what it refuses"


class TailerReader:
    """Reads nothing, and says so: neither flags nor a workflow's triggers can be read (platform page 0.1, 0.2)."""

    def read(self, wanted: Collection[Wanted], *, exact: bool = False) -> Readings:
        """Return ``Unreadable`` for every object."""
        return Readings({item.address: Unreadable(item.address) for item in wanted})

    def discover(self, sought: Sought) -> Found:
        """Return nothing, and why: no call of the API lists configurations or shows a flag (platform page 0.1)."""
        told = Diagnostic(
            "not-shown",
            "Tailer shows no flags",
            "No call of Tailer lists data operations or shows whether they are active or archived.",
            "`reconcile tailer by-status TYPE` names those that ran lately; write down what their flags should be",
            severity=Severity.NOTE,
        )
        return Found(diagnostics=(told,))

    def close(self) -> None:
        """Do nothing."""


class TailerWriter(TailerReader):
    """Sends what reading cannot confirm: the answer to each call is all the evidence there is."""

    def __init__(self, client: WriteClient) -> None:
        self._client = client

    def send(self, request: Request) -> None:
        """Make the call; returns when Tailer says "ok"."""
        confirm(self._client.send(request))

    def close(self) -> None:
        """Close the client."""
        self._client.close()


def confirm(answer: Answer) -> None:
    """Return when the answer says done; anything else raises.

    Two forms of success are documented, and none of failure (platform page 1.1, 3): so only status 200 with a
    message of "ok" is success, and a code inside, if there is one, must agree.
    """
    body = answer.json()
    if not isinstance(body, dict) or "message" not in body:
        raise BadAnswer(f"expected a message, got {answer.excerpt()}", status=answer.status)
    if answer.status == 200 and _says_ok(body) and _code(body) == "200":
        return
    raise _refusal(answer)


def launched(answer: Answer) -> str:
    """Return the id of the run that was launched (page 1.1); anything else raises.

    ``Rejected`` only for what says no: an answer that could mean a launch all the same is a ``BadAnswer``.
    """
    body = answer.json()
    if not isinstance(body, dict):
        raise BadAnswer(f"expected a run_id, got {answer.excerpt()}", status=answer.status)
    run_id = body.get("run_id")
    if answer.status == 200 and _code(body) == "200" and isinstance(run_id, str) and run_id:
        return run_id
    if run_id is None and "message" in body and not _says_ok(body):
        raise _refusal(answer)
    raise BadAnswer(f"expected a run_id, got {answer.excerpt()}", status=answer.status)


def results(answer: Answer) -> list[Any]:
    """Return the rows of a status call, maybe none; anything else raises, and no error says that it did anything."""
    try:
        body = answer.json()
    except BadAnswer as error:
        error.may_have_happened = False
        raise
    if isinstance(body, dict):
        if answer.status == 200 and _code(body) == "200" and isinstance(body.get("results"), list):
            rows: list[Any] = body["results"]
            return rows
        if _code(body) == "404":
            raise ObjectNotFound(f"Tailer answered: {answer.excerpt()}", hint=_HINT, status=answer.status)
        if "message" in body and not _says_ok(body):
            raise _refusal(answer)
    raise unreadable(f"expected results, got {answer.excerpt()}", answer)


def unreadable(detail: str, answer: Answer) -> BadAnswer:
    """Return the error of an answer to a read that makes no sense."""
    error = BadAnswer(detail, status=answer.status)
    error.may_have_happened = False
    return error


# -- calls, with their fields in the order of the documented samples (page 1.1) ----------------------------------------


def check_run_status(connection: kinds.Connection, type_: str, id: str, run_id: str, job_id: str | None) -> Request:
    """Return the call that shows one run."""
    return _status_call("check_run_status", {**identity(connection, type_, id), "job_id": job_id, "run_id": run_id})


def get_last_status(
    connection: kinds.Connection,
    type_: str,
    id: str,
    *,
    job_id: str | None = None,
    execution_date: str | None = None,
    status: str | None = None,
    limit: int | None = None,
) -> Request:
    """Return the call that shows the newest runs of a data operation; without a limit Tailer decides how many."""
    narrowed = {"job_id": job_id, "execution_date": execution_date, "status": status, "limit": limit}
    return _status_call("get_last_status", {**identity(connection, type_, id), **narrowed})


def get_by_status(
    connection: kinds.Connection,
    type_: str,
    *,
    status: str | None = None,
    execution_date: str | None = None,
    limit: int | None = None,
) -> Request:
    """Return the call that shows the newest runs of a type. The samples lack the environment that the text asks for."""
    body: dict[str, Json] = {
        "account": connection.account,
        "environment": connection.environment,
        "configuration_type": type_,
        "status": status,
        "execution_date": execution_date,
        "limit": limit,
    }
    return _status_call("get_by_status", body)


def set_run_status(connection: kinds.Connection, type_: str, id: str, run_id: str, status: str) -> Request:
    """Return the call that sets a run's status: like the sample without an environment.

    Not repeatable: every write of SUCCESS counts for workflows (page 2.3).
    """
    body: dict[str, Json] = {
        "account": connection.account,
        "configuration_type": type_,
        "configuration_id": id,
        "run_id": run_id,
        "status": status,
    }
    return _status_call("set_run_status", body, repeatable=False)


def _status_call(action: str, fields: dict[str, Json], *, repeatable: bool = True) -> Request:
    given = {name: value for name, value in fields.items() if value is not None}
    return Request("POST", "/v1/dag/status", {"action": action, **given}, repeatable)


def _says_ok(body: dict[str, Any]) -> bool:
    return str(body.get("message")).strip().lower() == "ok"


def _code(body: dict[str, Any]) -> str:
    """Return the code inside; an answer without one agrees with its status (page 3)."""
    return str(body.get("code", 200))


def _refusal(answer: Answer) -> Rejected:
    return Rejected(f"Tailer answered: {answer.excerpt()}", hint=_HINT, status=answer.status)


def open_writer(name: str, connection: kinds.Connection, surroundings: Surroundings) -> TailerWriter:
    """Return a writer on this connection; makes no call yet."""
    settings = Settings.of(connection.base_url, connection)
    return TailerWriter(open_write_client(name, settings, login(connection), surroundings))


def login(connection: kinds.Connection) -> Auth:
    """Return how this connection logs in."""
    match connection.auth:
        case kinds.Token(token=token):
            return BearerToken(token.get_secret_value())
        case kinds.TailerCli():
            return TailerCli()
        case kinds.ServiceAccount(key_file=key_file, audience=audience):
            return ServiceAccount(key_file, audience)
