"""The Tailer API simulator: four URLs, all POST, all with an `action`; nothing reads a configuration's flags.

Source: tailer.md 1.1 (H unless noted). How a refusal looks is unknown (section 3), so it is a switch.
"""

import json
from collections.abc import Callable

from reconcile.sandbox import tailer_auth
from reconcile.sandbox.clock import Clock
from reconcile.sandbox.switch import Switches
from reconcile.sandbox.tailer_engine import TailerModel
from reconcile.sandbox.tailer_model import SETTABLE, Configuration, canonical_type
from reconcile.sandbox.tailer_run import Run, internal_type, row
from reconcile.sandbox.wire import Call, Json, Reply, json_reply

ACTIONS = {
    "/v1/configuration/status": ("set_configuration_status",),
    "/v1/workflow/status": ("reset_workflow_status",),
    "/v1/dag/launch": ("launch_job",),
    "/v1/dag/status": ("check_run_status", "get_last_status", "get_by_status", "set_run_status"),
}
_LAUNCHABLE = ("table-to-table", "table-to-storage")
_IDENTITY = ("account", "environment", "configuration_type", "configuration_id")
_HIDDEN = {"all": (), "no_waiting": ("WAITING",), "no_deactivated": ("DEACTIVATED",)}
"""Switch `tailer_lists` -> states that lists leave out."""


class Refused(Exception):
    """A "KO"; its look is decided by the switch `ko_style`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Tailer:
    """The accounts of one platform."""

    def __init__(self, switches: Switches, clock: Clock) -> None:
        self.switches = switches
        self.model = TailerModel(switches, clock)
        self._handlers: dict[str, Callable[[Json], Reply]] = {
            "set_configuration_status": self._set_flags,
            "reset_workflow_status": self._reset,
            "launch_job": self._launch,
            "check_run_status": self._check_run,
            "get_last_status": self._last_runs,
            "get_by_status": self._runs_by_status,
            "set_run_status": self._set_run,
        }

    def handle(self, call: Call) -> Reply:
        """Return the answer to one request."""
        if call.path not in ACTIONS:  # the gateway answers before it looks at the token (3, M)
            message = "The current request is not defined by this API."
            return json_reply({"code": 404, "message": message}, 404)
        if call.method != "POST":
            message = f"The url template {call.path!r} is defined, but not for the http method {call.method!r}"
            return json_reply({"code": 405, "message": message}, 405, headers={"allow": "POST"})
        if denied := tailer_auth.refusal(call, self.switches):
            return denied
        self.model.settle()
        try:
            body = _object(call.body)
            return self._handlers[_action(body, call.path)](body)
        except Refused as refused:
            return self._ko(refused)

    # -- flags and resets ------------------------------------------------------------------------------------------

    def _set_flags(self, body: Json) -> Reply:
        flags = {name: body[name] for name in ("activated", "archived") if name in body}
        _identity(body)
        if not flags or (len(flags) < 2 and self.switches["partial_flags"] == "reject"):
            raise Refused(400, "activated and archived are required")
        if not all(isinstance(value, bool) for value in flags.values()):
            raise Refused(400, "activated and archived must be booleans")
        configuration = self._find(body) or self._created(body)
        if configuration is None:
            raise Refused(404, f"Configuration {body['configuration_id']} not found")
        archived = flags.get("archived", configuration.archived)
        if flags.get("activated", configuration.activated) and archived and self.switches["both_flags"] == "reject":
            raise Refused(400, "An archived configuration cannot be activated")
        if configuration.archived and not archived and self.switches["unarchive"] == "reject":
            raise Refused(403, "Only a super admin can unarchive a configuration")
        configuration.activated = flags.get("activated", configuration.activated)
        configuration.archived = archived
        return self._ok(with_code=self.switches["ok_style"] == "code")

    def _created(self, body: Json) -> Configuration | None:
        if not self.switches["create_unknown"]:
            return None
        return self.model.deploy({name: body[name] for name in _IDENTITY})

    def _reset(self, body: Json) -> Reply:
        _identity(body)
        if body["configuration_type"] != "workflow":
            raise Refused(400, "configuration_type must be workflow")
        workflow = self._find(body)
        if workflow is None:
            raise Refused(404, f"Workflow {body['configuration_id']} not found")
        self.model.reset(workflow)
        return self._ok(with_code=True)

    # -- runs ------------------------------------------------------------------------------------------------------

    def _launch(self, body: Json) -> Reply:
        _identity(body)
        if canonical_type(body["configuration_type"]) not in _LAUNCHABLE:
            raise Refused(400, f"Jobs of type {body['configuration_type']} cannot be launched")
        configuration = self._find(body)
        if configuration is None:
            raise Refused(404, f"Configuration {body['configuration_id']} not found")
        date = body.get("execution_date")
        if date is not None and not isinstance(date, str):
            raise Refused(400, "execution_date must be a string")
        run = self.model.launch(configuration, date, lag=self.switches["tailer_run_lag_seconds"])
        return json_reply({"run_id": run.run_id}, effect=True)

    def _check_run(self, body: Json) -> Reply:
        """Return one run, of whatever state."""
        _identity(body)
        run = self._run(body)
        if run is None or not self._is_of(run, body) or body.get("job_id") not in (None, run.job_id):
            return self._unknown(f"Run {body.get('run_id')} not found")
        return json_reply({"results": [self._row(run, internal=False)]})

    def _last_runs(self, body: Json) -> Reply:
        """Return an operation's newest runs, newest first."""
        _identity(body)
        if self._find(body) is None:
            return self._unknown(f"Configuration {body['configuration_id']} not found")
        runs = [run for run in self._listed(body) if self._is_of(run, body)]
        shown = runs[: _limit(body, self.switches["tailer_default_limit"])]
        return json_reply({"results": [self._row(run, internal=True) for run in shown]})

    def _runs_by_status(self, body: Json) -> Reply:
        """Return the newest runs of a type; no response sample exists, this shape is assumed (1.1, L)."""
        for name in ("account", "configuration_type"):
            if not body.get(name):
                raise Refused(400, f"{name} is required")
        wanted = {name: body.get(name) for name in ("account", "environment")}  # all samples omit the environment
        type_ = canonical_type(str(body["configuration_type"]))
        runs = [
            run
            for run in self._listed({**body, "job_id": None})
            if run.configuration_type == type_
            and all(value is None or getattr(run, name) == value for name, value in wanted.items())
        ]
        return json_reply({"results": [self._row(run, internal=False) for run in runs[: _limit(body, 100)]]})

    def _set_run(self, body: Json) -> Reply:
        """Set a run's status; the doc sample has no environment and no job id, the answer is assumed (1.1, L)."""
        for name in ("account", "configuration_type", "configuration_id", "run_id"):
            if not body.get(name):
                raise Refused(400, f"{name} is required")
        if body.get("status") not in SETTABLE:
            raise Refused(400, f"status must be one of {', '.join(SETTABLE)}")
        run = self._run(body)
        if run is None or not self._is_of(run, body):
            raise Refused(404, f"Run {body['run_id']} not found")
        self.model.set_run(run, body["status"], counts=self.switches["tailer_set_run_triggers"])
        return self._ok(with_code=False)

    def _listed(self, body: Json) -> list[Run]:
        """Return what a list's own filters let pass, newest first; the date is that of the start (1.1, H)."""
        now = self.model.now()
        hidden = _HIDDEN.get(self.switches["tailer_lists"], ("WAITING", "DEACTIVATED"))
        wanted = {name: body[name] for name in ("status", "job_id") if body.get(name) is not None}
        return [
            run
            for run in self.model.newest()
            if run.visible <= now
            and run.status not in hidden
            and all(getattr(run, name) == value for name, value in wanted.items())
            and (run.started or run.created).isoformat().startswith(str(body.get("execution_date") or ""))
        ]

    def _run(self, body: Json) -> Run | None:
        """Return the run of that id, None when there is none or it is not shown yet."""
        now = self.model.now()
        return next((r for r in self.model.runs if r.run_id == body.get("run_id") and r.visible <= now), None)

    def _is_of(self, run: Run, body: Json) -> bool:
        """Say whether a run belongs to the identity in a request, under the switch `tailer_lookup`."""
        if (run.configuration_type, run.configuration_id) != (
            canonical_type(str(body["configuration_type"])),
            body["configuration_id"],
        ):
            return False
        asked = (body["account"], body.get("environment") or run.environment)
        return self.switches["tailer_lookup"] == "id_only" or asked == (run.account, run.environment)

    def _row(self, run: Run, *, internal: bool) -> Json:
        """Return a row; which name the type has differs between the doc's samples of two actions (1.1, H)."""
        style = self.switches["tailer_type_names"]
        is_internal = internal if style == "as_sampled" else style == "internal"
        name = internal_type(run.configuration_type) if is_internal else run.configuration_type
        return row(run, name, self.switches["tailer_unknown_status"])

    def _unknown(self, message: str) -> Reply:
        """Return the answer about something that is not there: a KO, or no results (4.5, L)."""
        if self.switches["tailer_unknown_run"] == "empty":
            return json_reply({"results": []})
        raise Refused(404, message)

    # -- answers ---------------------------------------------------------------------------------------------------

    def _find(self, body: Json) -> Configuration | None:
        return self.model.find(*(body[name] for name in _IDENTITY))

    def _ok(self, *, with_code: bool) -> Reply:
        message = {"lower": "ok", "upper": "OK", "title": "Ok"}[self.switches["ok_case"]]
        body: Json = {"code": 200, "data": {}, "message": message} if with_code else {"message": message}
        return json_reply(body, effect=True)

    def _ko(self, refused: Refused) -> Reply:
        match self.switches["ko_style"]:
            case "http_text":
                return Reply(refused.status, str(refused).encode(), {"content-type": "text/plain; charset=utf-8"})
            case "http_json":
                return json_reply({"code": refused.status, "message": str(refused)}, refused.status)
            case "ok_status_message":
                return json_reply({"message": str(refused)})
        return json_reply({"code": refused.status, "data": {}, "message": "ko"})


def _object(body: bytes) -> Json:
    try:
        value = json.loads(body)
    except ValueError:
        raise Refused(400, "The request body is not valid JSON") from None
    if not isinstance(value, dict):
        raise Refused(400, "The request body must be a JSON object")
    return value


def _action(body: Json, path: str) -> str:
    if body.get("action") not in ACTIONS[path]:
        raise Refused(400, f"Unknown action: {body.get('action')}")
    return str(body["action"])


def _identity(body: Json) -> None:
    for name in _IDENTITY:
        if not isinstance(body.get(name), str) or not body[name]:
            raise Refused(400, f"{name} is required")


def _limit(body: Json, default: int) -> int:
    limit = body.get("limit", default)
    if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0:
        return limit
    raise Refused(400, "limit must be a positive integer")
