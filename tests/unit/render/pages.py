"""Pages to look at: what a reviewer gets to see, made by the real planner and the real calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from reconcile.calendar.effect import effect_of
from reconcile.calendar.forecast import compared, forecast
from reconcile.calendar.load import Load
from reconcile.calendar.occurrences import Horizon, Runs, occurrences
from reconcile.calendar.week import week_of
from reconcile.core.address import Address
from reconcile.core.change import ThreeWay
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.hold import Hold
from reconcile.core.kind import Action
from reconcile.core.limit import Limit, Measure
from reconcile.core.outlook import FrozenRun, Lane, Outlook, Prospect
from reconcile.core.plan import Change, LeftOut, Plan
from reconcile.core.snapshot import Values
from reconcile.core.timing import Timing

from .plans import KINDS, NONE, NOW, Scene, daily

ZONE = "Europe/Berlin"
START = datetime.fromisoformat(NOW)
MONTH = Horizon.days(START, 31)
NAMES = ("Board_Pack", "Churn_Score", "Month_Close", "Iowa_Liquor_Load", "Pipeline_Health", "Quota_Rollup")


def weekly(*days: str, time: str = "22:15", timezone: str = "America/Los_Angeles") -> Values:
    """Return a weekly schedule."""
    return {"frequency": "weekly", "days_of_week": days, "time": time, "timezone": timezone}


def hourly(every: int, time: str = "06:00") -> Values:
    """Return a schedule of every so many hours."""
    days = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
    return {
        "frequency": "hourly",
        "hourly_interval": every,
        "time": time,
        "days_of_week": days,
        "last_hour": 22,
        "timezone": "UTC",
    }


def a_dozen() -> Scene:
    """Return a scene of twelve changes of every sort, drift, and objects that stay."""
    scene = Scene("production")
    for n, name in enumerate(NAMES):
        now = daily(f"{2 + n % 3:02}:00")
        scene.schedule(f"Steady_{name}", file=now, live=now, ours=now, line=90 + 4 * n)
    friday, two = weekly("Friday"), weekly("Monday", "Friday", time="21:00")
    return (
        scene.schedule("Board_Pack", file=two, live=friday, ours=friday, line=4)
        .schedule("Churn_Score", file=hourly(2), live=daily("04:30"), ours=daily("04:30"), line=10)
        .schedule("Iowa_Liquor_Load", file=daily("02:00"), live=NONE, line=17)
        .schedule("Month_Close", live=daily("23:30"), ours=daily("23:30"))
        .schedule("Moved_By_Hand", file=daily("05:00"), live=daily("07:45"), ours=daily("05:00"), line=30)
        .schedule("Pipeline_Health", file=daily("06:00"), live=daily("05:00"), ours=daily("05:00"), line=36)
        .schedule("Quota_Rollup_" + "for_every_region_and_quarter_" * 4, file=daily("03:10"), live=NONE, line=41)
        .schedule("Same_Time_Other_Zone", file=daily("01:00", timezone="Asia/Kathmandu"), live=daily("01:00"), line=47)
        .schedule(
            "Nightly_Sync", file=daily("02:30", timezone="Europe/Berlin"), live=hourly(3), ours=hourly(3), line=52
        )
        .schedule("Gone", ours=NONE)
        .tailer("configuration", "workflow:000099-load", file={"activated": True, "archived": False})
        .tailer("workflow_reset", "000099-load", file={"once": "2026-11-22 relaunched by hand"})
        .warn("recipe:Board_Pack runs twice on Sunday 2026-11-01: the clocks of America/Los_Angeles go back.")
    )


def many(count: int) -> Plan:
    """Return a plan of so many changes, each with its calls."""
    scene = Scene("production")
    for n in range(count):
        name = f"{NAMES[n % len(NAMES)]}_{n:04}"
        before, after = daily(f"{n % 24:02}:15"), weekly("Monday", "Friday", time=f"{n * 7 % 24:02}:30")
        match n % 5:
            case 0:
                scene.schedule(name, file=after, live=NONE, line=3 + 5 * n)
            case 1:
                scene.schedule(name, live=before, ours=before)
            case _:
                scene.schedule(name, file=after, live=before, ours=before, line=3 + 5 * n)
    return replace(scene.plan(), digest="9d2f0c5ae1b74c83b1d6a0f27e94c85a3b60d1f8e27745c9ab01f36de8427b51")


def outlook(plan: Plan, zone: str = ZONE) -> Outlook:
    """Return what is to come with a plan, of what it changes alone."""
    sides = {each.address: _timings(each) for each in plan.changes if _timings(each)}
    timings = {address: pair for address, pair in sides.items() if pair}
    before = {address: occurrences(pair[0], MONTH) for address, pair in timings.items()}
    after = {address: occurrences(pair[1], MONTH) for address, pair in timings.items()}
    return Outlook(
        start=START,
        zone=zone,
        schedules=len(timings),
        before=week_of(before.values(), START, zone),
        after=week_of(after.values(), START, zone),
        effects={address: effect_of(*pair, START) for address, pair in timings.items()},
        lanes=tuple(_lane(address, before[address], after[address]) for address in timings),
        prospects=(_prospect(before, after),),
    )


def full() -> tuple[Plan, Outlook]:
    """Return a dozen changes with all that can stand on a page besides."""
    plan = a_dozen().plan()
    changes = [*plan.changes]
    changes[0] = replace(changes[0], hold=Hold("quarter end", "2026-12-01T00:00:00Z"), irreversible="it cannot")
    left = Diagnostic(
        "changed-since", "Changed since", "Somebody changed it again.", "plan it by hand", None, "sales/x/y"
    )
    plan = replace(
        plan,
        changes=tuple(changes),
        refusals=(Diagnostic("too-many-deletes", "Too many deletes", "3 of 8 objects.", "--allow-deletes 3"),),
        failed=(Address("sales", "schedule", "recipe:Unreadable"),),
        digest="9d2f0c5ae1b74c83b1d6a0f27e94c85a3b60d1f8e27745c9ab01f36de8427b51",
        left_out=(
            LeftOut(
                Address("sales", "schedule", "recipe:Left"),
                Action.UPDATE,
                "it was changed since",
                replace(left, severity=Severity.NOTE),
                (ThreeWay("time", "02:00", "03:00", "01:00"),),
            ),
        ),
    )
    seen = outlook(plan)
    felt = Address("sales", "schedule", "recipe:Downstream_Of_Churn")
    frozen = FrozenRun(changes[2].address, "year-end freeze", 4, START + timedelta(days=3))
    return plan, replace(seen, felt={felt: next(iter(seen.effects.values()))}, frozen=(frozen,))


def _timings(change: Change) -> tuple[Timing, Timing] | None:
    kind = KINDS[change.address.connection, change.address.kind].kind
    before, after = kind.timing(change.before), kind.timing(change.after)
    return (before, after) if before and after else None


def _lane(address: Address, before: Runs, after: Runs) -> Lane:
    week = Horizon.days(START, 7)
    old, new = before.within(week), after.within(week)
    risk = [tuple(run.candidates[0] for run in runs.at_risk) for runs in (old, new)]
    return Lane(address, old.certain, new.certain, *risk)


def _prospect(before: dict[Address, Runs], after: dict[Address, Runs]) -> Prospect:
    pools = frozenset({"recipe"})
    limits = (
        Limit("recipe runs at once", Measure.AT_ONCE, 2, pools, "Salesforce help, CRM Analytics limits"),
        Limit("runs in a day", Measure.RUNS, 60, pools, "Salesforce help, CRM Analytics limits", 120.0),
    )
    unknown = sorted(after)[:2]
    old, new = (
        [Load(a, "recipe", runs, None if a in unknown else 2700.0) for a, runs in side.items()]
        for side in (before, after)
    )
    seen = forecast(new, limits)
    return Prospect("sales", compared(forecast(old, limits), seen), len(new), seen.unmeasured)
