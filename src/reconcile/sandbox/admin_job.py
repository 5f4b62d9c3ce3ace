"""The admin endpoints about jobs of CRM Analytics and runs of Tailer: started, ended and scripted by somebody else."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from reconcile.sandbox import crm_job, tailer_run
from reconcile.sandbox.crm_asset import TYPES, Asset
from reconcile.sandbox.script import parse_steps
from reconcile.sandbox.tailer_model import SETTABLE, Configuration, canonical_type
from reconcile.sandbox.wire import Json
from reconcile.sandbox.world import Sandbox

Action = Callable[[Sandbox, Request, Any], object]
"""A change or a look: gets the parsed body (None without one), returns JSON. A ValueError is answered with 400."""


class Missing(Exception):
    """What the address or the body names does not exist; answered with 404."""


def settle(sandbox: Sandbox) -> None:
    """Let everything happen that is due on all platforms, before time or switches change under it."""
    sandbox.crm.jobs.settle()
    sandbox.tailer.model.settle()
    sandbox.tamr.settle()


def named_asset(sandbox: Sandbox, asset_type: str, name: str) -> Asset:
    """Return an asset by type and API name, or by type and id; raise Missing when there is none."""
    assets = sandbox.crm.assets
    found = assets.named(asset_type, name) or assets.find(name)
    if found is None or found.type != asset_type:
        raise Missing(f"no {asset_type} {name!r}")
    return found


# -- CRM Analytics -----------------------------------------------------------------------------------------------------


def _start_job(sandbox: Sandbox, _: Request, body: Any) -> object:
    """Start a job as a person or a schedule does, `created_at` in the past if wanted; other keys are its script."""
    given = dict(body)
    asset = named_asset(sandbox, given.pop("type"), given.pop("name"))
    created = _past(sandbox, given.pop("created_at", None))
    script = _script(given, crm_job.SCRIPT)
    jobs = sandbox.crm.jobs
    job = jobs.start(asset, script=script) if created is None else jobs.record(asset, created, script)
    sandbox.touch()
    return job.as_json()


def _set_job(sandbox: Sandbox, request: Request, body: Any) -> object:
    job = sandbox.crm.jobs.find(request.path_params["id"])
    if job is None:
        raise Missing(f"no job {request.path_params['id']}")
    sandbox.crm.jobs.set_status(job, body["status"])
    sandbox.touch()
    return job.as_json()


def _script_jobs(sandbox: Sandbox, _: Request, body: Any) -> object:
    """Set how new jobs go, by `recipe:Board_Pack` or id: a script, a list of them to use up, or null for the usual."""
    sandbox.crm.jobs.settle()
    steps = {by_key(sandbox, key).id[:15]: parse_steps(given, crm_job.SCRIPT) for key, given in dict(body).items()}
    for key, each in steps.items():
        sandbox.crm.jobs.scripts.write(key, each)
    sandbox.touch()
    return {"outcomes": sandbox.crm.jobs.scripts.as_json()}


def by_key(sandbox: Sandbox, key: str) -> Asset:
    """Return an asset by `recipe:Board_Pack`, by a name that only one has, or by id; raise Missing without one."""
    asset_type, _, name = key.partition(":")
    if name:
        return named_asset(sandbox, asset_type, name)
    named = [found for each in TYPES if (found := sandbox.crm.assets.named(each, key))]
    if len(named) > 1:
        raise ValueError(f"{key!r} is the name of several assets; write {named[0].type}:{key}")
    found = named[0] if named else sandbox.crm.assets.find(key)
    if found is None:
        raise Missing(f"no asset {key!r}")
    return found


# -- Tailer ------------------------------------------------------------------------------------------------------------


def _start_run(sandbox: Sandbox, _: Request, body: Any) -> object:
    """Start a run as a schedule, a file's arrival or a person does; keys beside the identity are its script."""
    given = dict(body)
    names = ("account", "environment", "configuration_type", "configuration_id")
    configuration = _configuration(sandbox, {name: given.pop(name, None) for name in names})
    created = _past(sandbox, given.pop("created_at", None))
    job, date = given.pop("job_id", ""), given.pop("execution_date", None)
    script = _script(given, tailer_run.SCRIPT)
    run = sandbox.tailer.model.launch(configuration, date, created=created, job=job, script=script)
    sandbox.touch()
    return run.as_json()


def _set_run(sandbox: Sandbox, request: Request, body: Any) -> object:
    if body["status"] not in (*SETTABLE, "WAITING", "DEACTIVATED"):
        raise ValueError(f"status must be one of: {', '.join(SETTABLE)}, WAITING, DEACTIVATED")
    for run in sandbox.tailer.model.runs:
        if run.run_id == request.path_params["id"]:
            sandbox.tailer.model.set_run(run, body["status"])
            sandbox.touch()
            return run.as_json()
    raise Missing(f"no run {request.path_params['id']}")


def _script_runs(sandbox: Sandbox, _: Request, body: Any) -> object:
    """Set how new runs go, by configuration id or `type:id`; values as for jobs."""
    model = sandbox.tailer.model
    model.settle()
    steps: dict[str, list[Json]] = {}
    for key, given in dict(body).items():
        type_, _, id_ = key.partition(":")
        named = {"configuration_id": id_ or key, "configuration_type": type_ if id_ else None}
        found = _configuration(sandbox, named)
        steps[f"{found.type}:{found.id}" if id_ else key] = parse_steps(given, tailer_run.SCRIPT)
    for key, each in steps.items():
        model.scripts.write(key, each)
    sandbox.touch()
    return {"outcomes": model.scripts.as_json()}


def _configuration(sandbox: Sandbox, named: Json) -> Configuration:
    """Return the first configuration that has everything that is named; the id has to be."""
    if not named["configuration_id"]:
        raise ValueError("configuration_id is needed")
    type_ = named.get("configuration_type")
    wanted = {
        "account": named.get("account"),
        "environment": named.get("environment"),
        "type": canonical_type(type_) if type_ else None,
        "id": named["configuration_id"],
    }
    for each in sandbox.tailer.model.configurations.values():
        if all(value is None or getattr(each, name) == value for name, value in wanted.items()):
            return each
    raise Missing(f"no configuration {named['configuration_id']!r}")


# -- both --------------------------------------------------------------------------------------------------------------


def _past(sandbox: Sandbox, given: Any) -> datetime | None:
    if given is None:
        return None
    moment = datetime.fromisoformat(given)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment > sandbox.clock.now():
        raise ValueError("created_at must not be in the future")
    return moment.astimezone(UTC)


def _script(given: Json, fields: Any) -> Json | None:
    """Return the script of this one job, None when there is nothing of that kind."""
    if "times" in given:
        raise ValueError("times is for outcomes: this is one job")
    return parse_steps(given, fields)[0] if given else None


JOB_ENDPOINTS: dict[str, dict[str, Action]] = {
    "/_sandbox/crm/jobs": {"POST": _start_job},
    "/_sandbox/crm/jobs/{id}": {"PUT": _set_job},
    "/_sandbox/crm/outcomes": {"PUT": _script_jobs},
    "/_sandbox/tailer/outcomes": {"PUT": _script_runs},
    "/_sandbox/tailer/runs": {"POST": _start_run},
    "/_sandbox/tailer/runs/{id}": {"PUT": _set_run},
}
