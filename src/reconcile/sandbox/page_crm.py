"""The page's part on CRM Analytics: assets with their schedules, and the form that changes one."""

from reconcile.sandbox.clock import iso
from reconcile.sandbox.crm_asset import Asset, matching
from reconcile.sandbox.crm_calendar import DAYS, WEEKS
from reconcile.sandbox.crm_schedule import FREQUENCIES, Schedule
from reconcile.sandbox.markup import Html, button_form, choice, field, join, table, tag
from reconcile.sandbox.wire import Json
from reconcile.sandbox.world import Sandbox

TITLES = {"dataflow": "Dataflows", "recipe": "Recipes", "data_sync": "Data syncs"}
_SHOWN = 100
"""Assets of a type on the page; the rest is found with the search field."""

_LAST_JOBS = 50
_LEVELS = ("", "always", "failures", "never", "warnings")


def crm_section(sandbox: Sandbox, search: str) -> Html:
    """Return all assets, or those whose name or label contains the search text, and the newest jobs."""
    form = tag(
        "form",
        tag("label", "Find by name ", tag("input", type="search", name="q", value=search)),
        tag("button", "Find"),
        method="get",
        action="/#crm",
        class_="inline",
    )
    tables = (_assets(sandbox, asset_type, search) for asset_type in TITLES)
    return tag("section", tag("h2", "CRM Analytics", id="crm"), form, *tables, _jobs(sandbox))


def schedule_form(asset: Asset) -> Html:
    """Return the form that sets an asset's schedule by hand."""
    now = asset.schedule or {}
    clock = now.get("time") or {"hour": 0, "minute": 0, "timeZone": "America/Los_Angeles"}
    days = tuple(
        tag(
            "label",
            tag("input", type="checkbox", name="daysOfWeek", value=day, checked=day in _days(now)),
            day.capitalize(),
        )
        for day in DAYS
    )
    interval = now.get("hourlyInterval", now.get("minutelyInterval"))
    of_month = "last" if now.get("daysOfMonth") == [-1] else ", ".join(map(str, now.get("daysOfMonth", ())))
    return tag(
        "form",
        choice("frequency", "Frequency", tuple(FREQUENCIES), now.get("frequency", "none")),
        field("time", "Time", f"{clock['hour']:02d}:{clock['minute']:02d}", "time"),
        field("timeZone", "Time zone", clock["timeZone"]),
        tag("fieldset", tag("legend", "Days (hourly, minutely, weekly)"), *days),
        field("interval", "Every so many hours or minutes (hourly, minutely)", interval, "number", min=1),
        field("lastHour", "Last hour (hourly, minutely; may be empty)", now.get("lastHour"), "number", min=0, max=23),
        field("daysOfMonth", "Days of the month, or last (monthly)", of_month),
        choice("weekInMonth", "Week (monthlyrelative)", WEEKS, now.get("weekInMonth", "first")),
        choice("dayInWeek", "Day (monthlyrelative)", DAYS, now.get("dayInWeek", "sunday")),
        field("triggerRule", "Trigger rule (eventdriven)", now.get("triggerRule", "$ALL_SALESFORCE_OBJECTS")),
        choice("notificationLevel", "Notify", _LEVELS, now.get("notificationLevel", "")),
        tag("button", "Save schedule"),
        method="post",
        action=f"/_sandbox/ui/schedule/{asset.id}",
        class_="edit",
    )


def form_schedule(form: dict[str, list[str]]) -> Json:
    """Return the REST body that a filled-in form asks for; a ValueError when a number is none."""
    one = {name: values[-1].strip() for name, values in form.items()}
    frequency = one.get("frequency", "none")
    body: Json = {"frequency": frequency}
    if one.get("notificationLevel"):
        body["notificationLevel"] = one["notificationLevel"]
    if frequency not in ("none", "eventdriven"):
        hour, _, minute = one.get("time", "").partition(":")
        body["time"] = {"hour": int(hour), "minute": int(minute), "timeZone": one.get("timeZone", "")}
    match frequency:
        case "weekly":
            body["daysOfWeek"] = form.get("daysOfWeek", [])
        case "hourly" | "minutely":
            body[f"{frequency}Interval"] = int(one.get("interval") or 1)
            body |= {"daysOfWeek": form["daysOfWeek"]} if form.get("daysOfWeek") else {}
            body |= {"lastHour": int(one["lastHour"])} if one.get("lastHour") else {}
        case "monthly":
            days = one.get("daysOfMonth", "").replace(",", " ").split()
            body["daysOfMonth"] = [-1 if day == "last" else int(day) for day in days]
        case "monthlyrelative":
            body |= {name: one.get(name, "") for name in ("weekInMonth", "dayInWeek")}
        case "eventdriven":
            body["triggerRule"] = one.get("triggerRule", "")
    return body


def schedule_words(schedule: Schedule | None) -> str:
    """Return a schedule in words, e.g. `weekly on Mon, Thu at 00:45 America/Los_Angeles`."""
    if schedule is None:
        return "no schedule"
    words = [schedule["frequency"]]
    units = {"hourlyInterval": "h", "minutelyInterval": "min"}
    words.extend(f"every {schedule[name]} {unit}" for name, unit in units.items() if name in schedule)
    if "lastHour" in schedule:
        words.append(f"until {schedule['lastHour']}:00")
    if days := _days(schedule):
        names = ", ".join(day[:3].capitalize() for day in days)
        words.append(f"on {names}" if len(days) < 7 else "every day")
    if of_month := schedule.get("daysOfMonth"):
        words.append("on the last day" if of_month == [-1] else f"on day {', '.join(map(str, of_month))}")
    if "weekInMonth" in schedule:
        words.append(f"on the {schedule['weekInMonth']} {schedule.get('dayInWeek', '?').capitalize()}")
    if clock := schedule.get("time"):
        words.append(f"at {clock['hour']:02d}:{clock['minute']:02d} {clock['timeZone']}")
    words.extend(schedule[name] for name in ("triggerRule",) if name in schedule)
    return " ".join(words) + (f", notify {schedule['notificationLevel']}" if "notificationLevel" in schedule else "")


def _assets(sandbox: Sandbox, asset_type: str, search: str) -> Html:
    everything = sandbox.crm.assets.of_type(asset_type)
    found = matching(everything, search) if search else everything
    rows: list[tuple[object, ...]] = [_row(asset) for asset in found[:_SHOWN]]
    title = f"{TITLES[asset_type]} ({len(found)})"
    more = f"{len(found) - _SHOWN} more; find them by name." if len(found) > _SHOWN else None
    heads = ("Name", "Schedule", "Id", "By hand")
    return join(
        table(title, heads, rows, f"No {TITLES[asset_type].lower()}."), tag("p", more, class_="quiet") if more else None
    )


def _jobs(sandbox: Sandbox) -> Html:
    jobs = sandbox.crm.jobs.shown()
    rows: list[tuple[object, ...]] = [
        (
            tag("code", job.id, class_="id"),
            f"{job.kind} {job.name}",
            tag("span", job.status, class_="bad" if job.status in ("Failure", "Cancelled") else None),
            job.message,
            iso(job.created),
        )
        for job in jobs[:_LAST_JOBS]
    ]
    return table(f"Jobs ({len(jobs)})", ("Job", "Of", "Status", "Message", "Since"), rows, "No jobs yet.")


def _row(asset: Asset) -> tuple[object, ...]:
    label = (
        tag("span", " ", asset.label, class_="quiet")
        if asset.label not in (asset.name, asset.name.replace("_", " "))
        else None
    )
    change = tag("a", "Change", href=f"/_sandbox/ui/schedule/{asset.id}", aria_label=f"Change {asset.name}")
    clear = button_form(f"/_sandbox/ui/clear/{asset.id}", "Clear", {}, title=f"Clear {asset.name}")
    words = schedule_words(asset.schedule)
    return (
        tag("span", tag("strong", asset.name), label),
        tag("span", words, class_="quiet" if asset.schedule is None else None),
        tag("code", asset.id, class_="id"),
        tag("span", change, " ", clear if asset.schedule else None, class_="hand"),
    )


def _days(schedule: Schedule) -> list[str]:
    days: list[str] = schedule.get("daysOfWeek") or []
    return days
