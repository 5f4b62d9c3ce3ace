"""The page for people at `/`: the simulated world at a glance, with small forms to change it by hand."""

import json
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from reconcile.sandbox.admin import is_foreign
from reconcile.sandbox.crm_schedule import ScheduleError, parse_schedule
from reconcile.sandbox.markup import Html, document, tag
from reconcile.sandbox.page_crm import crm_section, form_schedule, schedule_form, schedule_words
from reconcile.sandbox.page_rest import STATES, log_section, tailer_section, tamr_section, trouble_section
from reconcile.sandbox.tailer_model import Configuration
from reconcile.sandbox.world import Sandbox

Form = dict[str, list[str]]
Change = Callable[[Sandbox, Request, Form], str]
"""A change made with a form; returns where on the page it shows. A ValueError or KeyError is told to the person."""


def page_routes(sandbox: Sandbox) -> list[Route]:
    """Return the routes of the page and its forms."""
    routes = [Route(path, _posted(sandbox, change), methods=["POST"]) for path, change in _CHANGES.items()]

    async def home(request: Request) -> Response:
        with sandbox.lock:
            page = _home(sandbox, request.query_params.get("q", ""))
        return HTMLResponse(page)

    async def edit(request: Request) -> Response:
        with sandbox.lock:
            return _edit(sandbox, request.path_params["id"])

    return [*routes, Route("/", home), Route("/_sandbox/ui/schedule/{id}", edit, methods=["GET"])]


def _home(sandbox: Sandbox, search: str) -> str:
    links = {
        "crm": "CRM Analytics",
        "tailer": "Tailer",
        "tamr": "Tamr Cloud",
        "requests": "Requests",
        "switches": "Faults and switches",
    }
    now = f"Simulated time: {sandbox.clock.now():%Y-%m-%d %H:%M} UTC" + (
        ", standing still" if sandbox.clock.standing else ""
    )
    delay = f"; every response waits {sandbox.latency:g} s" if sandbox.latency else ""
    return document(
        "reconcile sandbox",
        tag(
            "header",
            tag("h1", "Sandbox"),
            tag("p", f"Simulators, nothing real. {now}{delay}.", class_="quiet"),
            tag(
                "nav",
                *(tag("a", text, href=f"#{anchor}") for anchor, text in links.items()),
                tag("a", "Reload", href="/"),
                aria_label="Sections",
            ),
        ),
        tag(
            "main",
            crm_section(sandbox, search),
            tailer_section(sandbox),
            tamr_section(sandbox),
            log_section(sandbox),
            trouble_section(sandbox),
        ),
    )


def _edit(sandbox: Sandbox, asset_id: str) -> Response:
    asset = sandbox.crm.assets.find(asset_id)
    if asset is None:
        return _trouble("There is no such asset.", 404)
    heading = tag("h1", f"Schedule of {asset.name}")
    now = tag("p", "Now: ", schedule_words(asset.schedule), class_="quiet")
    return HTMLResponse(document(f"{asset.name} - sandbox", tag("main", _back(), heading, now, schedule_form(asset))))


def _posted(sandbox: Sandbox, change: Change) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if is_foreign(request):
            return _trouble("The sandbox takes forms from its own page only.", 403)
        form = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
        try:
            with sandbox.lock:
                anchor = change(sandbox, request, form)
                sandbox.touch()
        except (ValueError, KeyError, ScheduleError) as error:
            return _trouble(str(error), 400)
        return RedirectResponse(f"/#{anchor}", 303)

    return endpoint


def _trouble(message: str, status: int) -> Response:
    body = tag("main", _back(), tag("h1", "That did not work"), tag("p", message, role="alert"))
    return HTMLResponse(document("Sandbox", body), status)


def _back() -> Html:
    return tag("p", tag("a", "Back to the sandbox", href="/"))


def _set_schedule(sandbox: Sandbox, request: Request, form: Form) -> str:
    asset = sandbox.crm.assets.find(request.path_params["id"])
    if asset is None:
        raise ValueError("There is no such asset.")
    kept = parse_schedule(form_schedule(form), sandbox.crm.rules(asset.type, by_hand=True))
    sandbox.crm.assets.schedule(asset, kept)
    return "crm"


def _clear_schedule(sandbox: Sandbox, request: Request, _: Form) -> str:
    return _set_schedule(sandbox, request, {"frequency": ["none"]})


def _configuration(sandbox: Sandbox, form: Form) -> Configuration:
    key = tuple(json.loads(form["key"][0]))
    return sandbox.tailer.model.configurations[key]


def _set_flags(sandbox: Sandbox, _: Request, form: Form) -> str:
    configuration = _configuration(sandbox, form)
    configuration.activated, configuration.archived = STATES[form["state"][0]]
    return "tailer"


def _reset_workflow(sandbox: Sandbox, _: Request, form: Form) -> str:
    sandbox.tailer.model.reset(_configuration(sandbox, form))
    return "tailer"


def _set_switch(sandbox: Sandbox, _: Request, form: Form) -> str:
    sandbox.set_switches({form["name"][0]: json.loads(form["value"][0])})
    return "switches"


def _clear_faults(sandbox: Sandbox, _: Request, __: Form) -> str:
    sandbox.faults.clear()
    return "switches"


def _reset(sandbox: Sandbox, _: Request, __: Form) -> str:
    sandbox.reset()
    return "crm"


_CHANGES: dict[str, Change] = {
    "/_sandbox/ui/schedule/{id}": _set_schedule,
    "/_sandbox/ui/clear/{id}": _clear_schedule,
    "/_sandbox/ui/flags": _set_flags,
    "/_sandbox/ui/reset-workflow": _reset_workflow,
    "/_sandbox/ui/switch": _set_switch,
    "/_sandbox/ui/clear-faults": _clear_faults,
    "/_sandbox/ui/reset": _reset,
}
