"""The page's parts on Tailer, Tamr, the request log, faults and switches."""

import json

from reconcile.sandbox.clock import iso
from reconcile.sandbox.markup import Html, button_form, join, table, tag
from reconcile.sandbox.tailer_model import Configuration
from reconcile.sandbox.world import Sandbox

STATES = {"on": (True, False), "off": (False, False), "archive": (False, True)}
"""Button -> (activated, archived), as Studio sets them (tailer.md 2.1)."""

_LAST_REQUESTS = 50
_LAST_JOBS = 50


def tailer_section(sandbox: Sandbox) -> Html:
    """Return configurations with their flags, workflows with the jobs that have arrived, and the newest runs."""
    model = sandbox.tailer.model
    model.settle()
    rows: list[tuple[object, ...]] = [
        (tag("code", each.id), each.type, each.environment, _flags(each), _flag_buttons(each))
        for each in model.configurations.values()
    ]
    heads = ("Id", "Type", "Environment", "State", "By hand")
    configurations = table(f"Configurations ({len(rows)})", heads, rows, "No configurations.")
    workflows = [each for each in model.configurations.values() if each.type == "workflow"]
    shown = [_workflow(sandbox, each) for each in workflows]
    arrived = table("Workflows", ("Id", "Arrived jobs", "Resets", "By hand"), shown, "No workflows.")
    return tag("section", tag("h2", "Tailer", id="tailer"), configurations, arrived, _runs(sandbox))


def tamr_section(sandbox: Sandbox) -> Html:
    """Return the newest jobs."""
    sandbox.tamr.settle()
    rows: list[tuple[object, ...]] = []
    for job in list(reversed(sandbox.tamr.jobs))[:_LAST_JOBS]:
        error, name = job.status.error, tag("code", job.id)
        state = tag("span", job.status.state, f" {error['reason']}" if error else None, class_="bad" if error else None)
        shown = join(name, " hidden from the API") if job.hidden else name
        rows.append((shown, job.kind, ", ".join(job.ids.values()), state, iso(job.status.since)))
    heads = ("Job", "Type", "On", "State", "Since")
    known = tag("p", "Known resources: ", ", ".join(sandbox.tamr.resources) or "none", class_="quiet")
    jobs = table(f"Jobs ({len(sandbox.tamr.jobs)})", heads, rows, "No jobs yet.")
    return tag("section", tag("h2", "Tamr Cloud", id="tamr"), known, jobs)


def log_section(sandbox: Sandbox) -> Html:
    """Return the newest requests, newest first."""
    rows: list[tuple[object, ...]] = []
    for entry in list(sandbox.log)[: -_LAST_REQUESTS - 1 : -1]:
        seen = entry.as_json()
        status = "no response" if entry.status is None else str(entry.status)
        colour = "bad" if entry.status is None or entry.status >= 400 else "good" if entry.effect else None
        effect = "changed something" if entry.effect else ""
        marks = ", ".join(each for each in (effect, f"fault: {entry.fault}" if entry.fault else "") if each)
        rows.append(
            (
                str(entry.n),
                seen["time"][11:23],
                entry.method,
                tag("code", entry.path),
                tag("span", status, class_=f"chip {colour}" if colour else "chip"),
                marks,
            )
        )
    heads = ("No.", "UTC", "Method", "Path", "Status", "Notes")
    return tag(
        "section",
        tag("h2", "Requests", id="requests"),
        table(f"The last {_LAST_REQUESTS} requests", heads, rows, "Nobody has called yet."),
        tag("p", tag("a", "All of them as JSON, with bodies", href="/_sandbox/log")),
    )


def trouble_section(sandbox: Sandbox) -> Html:
    """Return active faults and the switches, changed ones first."""
    rules: list[tuple[object, ...]] = [
        (rule.kind, rule.platform or "any", rule.method or "any", rule.path or "any", _times(rule.times, rule.fired))
        for rule in sandbox.faults.rules
    ]
    heads = ("Kind", "Platform", "Method", "Path", "Times")
    faults = table("Faults", heads, rules, "No faults are set.")
    clear = button_form("/_sandbox/ui/clear-faults", "Remove all faults", {}) if rules else None
    described = sorted(sandbox.switches.described(), key=lambda each: bool(each["value"] == each["default"]))
    rows: list[tuple[object, ...]] = [
        (
            tag("code", each["name"]),
            _switch_form(each["name"], each["value"], each["values"], changed=each["value"] != each["default"]),
            each["meaning"],
        )
        for each in described
    ]
    switches = table("Switches", ("Name", "Value", "Meaning"), rows, "")
    again = button_form("/_sandbox/ui/reset", "Reset the sandbox to its beginning", {})
    return tag("section", tag("h2", "Faults and switches", id="switches"), faults, clear, switches, again)


def _runs(sandbox: Sandbox) -> Html:
    runs = sandbox.tailer.model.newest()
    rows: list[tuple[object, ...]] = [
        (
            tag("code", run.run_id),
            tag("code", run.job_id),
            tag("span", run.status, class_="bad" if run.status in ("FAILED", "DEACTIVATED") else None),
            run.duration or "",
            iso(run.created),
        )
        for run in runs[:_LAST_JOBS]
    ]
    return table(f"Runs ({len(runs)})", ("Run", "Of", "Status", "Duration", "Since"), rows, "No runs yet.")


def _flags(configuration: Configuration) -> Html:
    if configuration.archived:
        words = "archived and activated" if configuration.activated else "archived"
        return tag("span", words, class_="chip warn")
    colour = "good" if configuration.activated else "bad"
    return tag("span", "activated" if configuration.activated else "disabled", class_=f"chip {colour}")


def _flag_buttons(configuration: Configuration) -> Html:
    now = (configuration.activated, configuration.archived)
    labels = {"on": "On", "off": "Off", "archive": "Archive"}
    return tag(
        "span",
        *(
            button_form(
                "/_sandbox/ui/flags",
                labels[state],
                {"key": json.dumps(configuration.key), "state": state},
                title=f"{labels[state]}: {configuration.id}",
            )
            for state, flags in STATES.items()
            if flags != now
        ),
    )


def _workflow(sandbox: Sandbox, configuration: Configuration) -> tuple[object, ...]:
    state = sandbox.tailer.model.workflows[configuration.key]
    wanted = configuration.document.get("authorized_job_ids", [])
    jobs = [*wanted, *(job for job in state.jobs if job not in wanted)]
    items = (
        tag(
            "li",
            tag("span", "arrived " if _has_arrived(state.jobs, job) else "waiting ", class_="chip"),
            tag("code", job),
        )
        for job in jobs
    )
    fields = {"key": json.dumps(configuration.key)}
    button = button_form("/_sandbox/ui/reset-workflow", "Reset", fields, title=f"Reset {configuration.id}")
    return tag("code", configuration.id), tag("ul", *items, class_="jobs"), str(state.resets), button


def _has_arrived(jobs: dict[str, dict[str, object]], job: str) -> bool:
    return bool(jobs.get(job, {}).get("executed"))


def _switch_form(name: str, value: object, values: object, *, changed: bool) -> Html:
    shown = json.dumps(value)
    if isinstance(values, list):
        options = (
            tag("option", json.dumps(each), value=json.dumps(each), selected=json.dumps(each) == shown)
            for each in values
        )
        control = tag("select", *options, name="value", aria_label=f"{name} value")
    else:
        control = tag("input", type="text", name="value", value=shown, aria_label=f"{name} value")
    hidden = tag("input", type="hidden", name="name", value=name)
    mark = tag("span", "changed", class_="chip warn") if changed else None
    button = tag("button", "Set", aria_label=f"Set {name}")
    return join(
        tag("form", hidden, control, button, mark, method="post", action="/_sandbox/ui/switch", class_="inline")
    )


def _times(left: int | None, fired: int) -> str:
    return f"{fired} so far, {'for ever' if left is None else f'{left} to go'}"
