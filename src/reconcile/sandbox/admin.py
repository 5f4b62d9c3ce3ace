"""The admin endpoints under `/_sandbox/`: look at and change the simulated world, as JSON.

They stand for what happens outside the APIs: a person in the UI, a deploy, time, trouble.
"""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconcile.sandbox.admin_job import JOB_ENDPOINTS, Action, Missing, by_key, named_asset, settle
from reconcile.sandbox.clock import iso
from reconcile.sandbox.crm_asset import TYPES, Asset
from reconcile.sandbox.crm_schedule import Schedule, ScheduleError, parse_schedule
from reconcile.sandbox.fault import KINDS
from reconcile.sandbox.wire import PLATFORMS, Json
from reconcile.sandbox.world import Sandbox


def admin_routes(sandbox: Sandbox) -> list[Route]:
    """Return the routes of the admin endpoints."""
    routes: list[Route] = []
    for path, methods in _ENDPOINTS.items():
        routes.extend(Route(path, _endpoint(sandbox, action), methods=[method]) for method, action in methods.items())
    return routes


def is_foreign(request: Request) -> bool:
    """Return whether a web page of another site is behind this request: then it must not change anything."""
    host = request.headers.get("host", "")
    origin = request.headers.get("origin")
    local = host.rsplit(":", 1)[0] in ("127.0.0.1", "localhost", "[::1]", "testserver")
    return not local or (origin is not None and origin != f"http://{host}")


def _endpoint(sandbox: Sandbox, action: Action) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if is_foreign(request):
            return JSONResponse({"error": "the sandbox answers its own pages and local programs only"}, 403)
        body, given = await request.body(), None
        try:
            given = json.loads(body) if body else None
            with sandbox.lock:
                result = action(sandbox, request, given)
        except Missing as missing:
            return JSONResponse({"error": str(missing)}, 404)
        except (ValueError, KeyError, TypeError, ScheduleError) as error:
            return JSONResponse({"error": _what(error, given)}, 400)
        return JSONResponse(result)

    return endpoint


def _what(error: Exception, given: Any) -> str:
    if isinstance(error, KeyError):
        return f"missing key {error}"
    return "a JSON body is needed" if given is None and isinstance(error, TypeError) else str(error)


# -- log, faults, latency, switches, clock -----------------------------------------------------------------------------


def _log(sandbox: Sandbox, request: Request, _: Any) -> object:
    args = request.query_params
    since, method, platform = int(args.get("since", 0)), args.get("method", "").upper(), args.get("platform", "")
    if platform not in ("", *PLATFORMS):
        raise ValueError(f"platform must be one of: {', '.join(PLATFORMS)}")
    return {
        "entries": [
            entry.as_json()
            for entry in sandbox.log
            if entry.n > since and method in ("", entry.method) and platform in ("", entry.platform)
        ]
    }


def _clear_log(sandbox: Sandbox, _: Request, __: Any) -> object:
    sandbox.log.clear()
    return {}


def _faults(sandbox: Sandbox, _: Request, __: Any) -> object:
    return {"faults": [rule.as_json() for rule in sandbox.faults.rules], "kinds": KINDS}


def _add_faults(sandbox: Sandbox, _: Request, body: Any) -> object:
    rules = body if isinstance(body, list) else [body]
    return {"faults": [sandbox.faults.add(dict(rule)).as_json() for rule in rules]}


def _clear_faults(sandbox: Sandbox, _: Request, __: Any) -> object:
    sandbox.faults.clear()
    return {}


def _remove_fault(sandbox: Sandbox, request: Request, _: Any) -> object:
    if not sandbox.faults.remove(request.path_params["id"]):
        raise Missing(f"no fault {request.path_params['id']}")
    return {}


def _set_latency(sandbox: Sandbox, _: Request, body: Any) -> object:
    seconds = float(body["seconds"])
    if not 0 <= seconds < 3600:
        raise ValueError("seconds must be 0 or more, and less than an hour")
    sandbox.latency = seconds
    return {"seconds": seconds}


def _latency(sandbox: Sandbox, _: Request, __: Any) -> object:
    return {"seconds": sandbox.latency}


def _switches(sandbox: Sandbox, _: Request, __: Any) -> object:
    return {"switches": sandbox.switches.described()}


def _set_switches(sandbox: Sandbox, _: Request, body: Any) -> object:
    settle(sandbox)
    sandbox.set_switches(dict(body))
    return sandbox.switches.as_json()


def _clock(sandbox: Sandbox, _: Request, __: Any) -> object:
    return {"now": sandbox.clock.now().isoformat(), "standing": sandbox.clock.standing}


def _set_clock(sandbox: Sandbox, request: Request, body: Any) -> object:
    if set(body) not in ({"now"}, {"advance"}):
        raise ValueError('give {"now": "2026-11-22T10:00:00Z"} or {"advance": seconds}')
    settle(sandbox)
    if "now" in body:
        sandbox.clock.set(datetime.fromisoformat(body["now"]))
    else:
        sandbox.clock.advance(float(body["advance"]))
    _keep_what_is_due(sandbox)
    return _clock(sandbox, request, None)


def _reset_clock(sandbox: Sandbox, request: Request, _: Any) -> object:
    settle(sandbox)
    sandbox.clock.reset()
    _keep_what_is_due(sandbox)
    return _clock(sandbox, request, None)


def _keep_what_is_due(sandbox: Sandbox) -> None:
    """Let everything happen up to the new time, and save it: the clock itself is not saved."""
    sandbox.crm.assets.forget_shown()
    settle(sandbox)
    sandbox.touch()


def _state(sandbox: Sandbox, _: Request, __: Any) -> object:
    return {**sandbox.state(), "switches": sandbox.switches.as_json()}


def _reset(sandbox: Sandbox, _: Request, body: Any) -> object:
    sandbox.reset((body or {}).get("seed"))
    return {"seed": sandbox.seed}


# -- CRM Analytics -----------------------------------------------------------------------------------------------------


def _create_assets(sandbox: Sandbox, _: Request, body: Any) -> object:
    """Create one asset, several (a list), or `count` of them named `prefix` + 1, 2, ..."""
    created = [asset for one in (body if isinstance(body, list) else [body]) for asset in _created(sandbox, one)]
    sandbox.touch()
    if len(created) > 100:
        return {"created": len(created), "first": created[0].as_json(), "last": created[-1].as_json()}
    return {"created": len(created), "assets": [asset.as_json() for asset in created]}


def _created(sandbox: Sandbox, one: Json) -> list[Asset]:
    known = {"type", "name", "label", "id", "schedule", "connectorType", "count", "prefix"}
    if unknown := set(one) - known:
        raise ValueError(f"unknown key {min(unknown)!r}; there are: {', '.join(sorted(known))}")
    if one["type"] not in TYPES:
        raise ValueError(f"type must be one of: {', '.join(TYPES)}")
    create = sandbox.crm.assets.create
    schedule = _by_hand(sandbox, one["type"], one.get("schedule"))
    if "count" not in one:
        return [create(one["type"], one["name"], one.get("label"), one.get("id"), schedule, one.get("connectorType"))]
    names = [f"{one.get('prefix', '')}{number}" for number in range(1, int(one["count"]) + 1)]
    return [create(one["type"], name, schedule=schedule) for name in names]


def _remove_asset(sandbox: Sandbox, request: Request, _: Any) -> object:
    asset = sandbox.crm.assets.find(request.path_params["id"])
    if asset is None:
        raise Missing(f"no asset {request.path_params['id']}")
    sandbox.crm.assets.remove(asset)
    sandbox.touch()
    return {}


def _edit_schedule(sandbox: Sandbox, request: Request, body: Any) -> object:
    """Set a schedule as a person in the UI does: seen by every read at once; `null` clears it."""
    asset = named_asset(sandbox, request.path_params["type"], request.path_params["name"])
    sandbox.crm.assets.schedule(asset, _by_hand(sandbox, asset.type, body))
    sandbox.touch()
    return asset.as_json()


def _by_hand(sandbox: Sandbox, asset_type: str, body: Any) -> Schedule | None:
    return None if body is None else parse_schedule(body, sandbox.crm.rules(asset_type, by_hand=True))


def _users(sandbox: Sandbox, _: Request, __: Any) -> object:
    return {"users": sandbox.crm.people.as_json()}


def _set_users(sandbox: Sandbox, request: Request, body: Any) -> object:
    """Set users by name, new ones too: {"Ann": {"active": false, "assets": ["recipe:Board_Pack"]}}.

    The assets are those that this user was the last to change.
    """
    wanted = {str(name): dict(given) for name, given in dict(body).items()}
    for given in wanted.values():
        if set(given) - {"active", "assets"} or not isinstance(given.get("active", True), bool):
            raise ValueError('give {"NAME": {"active": true|false, "assets": ["recipe:NAME", ...]}}')
        given["assets"] = [by_key(sandbox, str(key)) for key in given.get("assets", [])]
    for name, given in wanted.items():
        user = sandbox.crm.people.named(name)
        user.active = given.get("active", user.active)
        for asset in given["assets"]:
            sandbox.crm.assets.modify(asset, user.id, iso(sandbox.clock.now()))
    sandbox.touch()
    return _users(sandbox, request, None)


def _expire(sandbox: Sandbox, _: Request, __: Any) -> object:
    return {"expired": sandbox.crm.sessions.expire()}


# -- Tailer and Tamr ---------------------------------------------------------------------------------------------------


def _edit_flags(sandbox: Sandbox, request: Request, body: Any) -> object:
    """Set one or both flags as a person in Studio does; `?account=` and `?environment=` pick among several."""
    path, args = request.path_params, request.query_params
    wanted = {"account": args.get("account"), "environment": args.get("environment")}
    changes = {name: body[name] for name in ("activated", "archived") if name in body}
    if set(body) - set(changes) or not changes or not all(isinstance(each, bool) for each in changes.values()):
        raise ValueError('give {"activated": true|false, "archived": true|false}, one or both')
    sandbox.tailer.model.settle()
    for each in sandbox.tailer.model.configurations.values():
        if (each.type, each.id) == (path["type"], path["id"]) and all(
            value in (None, getattr(each, name)) for name, value in wanted.items()
        ):
            each.activated = changes.get("activated", each.activated)
            each.archived = changes.get("archived", each.archived)
            sandbox.touch()
            return each.as_json()
    raise Missing(f"no configuration {path['type']}:{path['id']}")


def _deploy(sandbox: Sandbox, _: Request, body: Any) -> object:
    """Deploy a file as the `tailer` command does: it replaces the document, flags included."""
    deployed = sandbox.tailer.model.deploy(dict(body))
    sandbox.touch()
    return deployed.as_json()


def _set_outcomes(sandbox: Sandbox, _: Request, body: Any) -> object:
    """Set how new jobs on a resource go: {"src_a": an outcome, or a list to use up, or null for success again}."""
    sandbox.tamr.outcomes.set(dict(body))
    sandbox.touch()
    return {"outcomes": sandbox.tamr.outcomes.as_json()}


def _create_tamr_job(sandbox: Sandbox, _: Request, body: Any) -> object:
    """Start a job as a person in the UI does, or with `hidden` as the UI's scheduler: seen by nobody, in a slot."""
    job = sandbox.tamr.add_foreign(dict(body))
    sandbox.touch()
    return sandbox.tamr.view.job(job)


def _forget_tamr_job(sandbox: Sandbox, request: Request, _: Any) -> object:
    """Remove a job as if it were too old to be kept."""
    if not sandbox.tamr.forget(request.path_params["id"]):
        raise Missing(f"no job {request.path_params['id']}")
    sandbox.touch()
    return {}


def _set_resources(sandbox: Sandbox, _: Request, body: Any) -> object:
    sandbox.tamr.resources = [str(each) for each in body["resources"]]
    sandbox.touch()
    return {"resources": sandbox.tamr.resources}


_ENDPOINTS: dict[str, dict[str, Action]] = {
    "/_sandbox/log": {"GET": _log, "DELETE": _clear_log},
    "/_sandbox/faults": {"GET": _faults, "POST": _add_faults, "DELETE": _clear_faults},
    "/_sandbox/faults/{id:int}": {"DELETE": _remove_fault},
    "/_sandbox/latency": {"GET": _latency, "PUT": _set_latency},
    "/_sandbox/switches": {"GET": _switches, "PATCH": _set_switches},
    "/_sandbox/clock": {"GET": _clock, "PUT": _set_clock, "DELETE": _reset_clock},
    "/_sandbox/state": {"GET": _state},
    "/_sandbox/reset": {"POST": _reset},
    "/_sandbox/crm/assets": {"POST": _create_assets},
    "/_sandbox/crm/assets/{id}": {"DELETE": _remove_asset},
    "/_sandbox/crm/assets/{type}/{name}/schedule": {"PUT": _edit_schedule},
    "/_sandbox/crm/users": {"GET": _users, "PUT": _set_users},
    "/_sandbox/crm/expire-sessions": {"POST": _expire},
    "/_sandbox/tailer/configurations/{type}/{id}": {"PUT": _edit_flags},
    "/_sandbox/tailer/deploy": {"POST": _deploy},
    **JOB_ENDPOINTS,
    "/_sandbox/tamr/jobs": {"POST": _create_tamr_job},
    "/_sandbox/tamr/jobs/{id}": {"DELETE": _forget_tamr_job},
    "/_sandbox/tamr/outcomes": {"PUT": _set_outcomes},
    "/_sandbox/tamr/resources": {"PUT": _set_resources},
}
