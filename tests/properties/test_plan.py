"""Laws of planning: what is as asked for is left alone, and what is applied is settled."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_convert import DAYS, KEYS, event, law, scheduled, shown

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.diff import item_changes
from reconcile.core.drift import Why
from reconcile.core.guard import DeleteLimits, refusals
from reconcile.core.hold import Hold, in_force
from reconcile.core.kind import Action, Connected
from reconcile.core.plan import Base, Change, Plan, Stamp, build_plan, moved_since, short_of
from reconcile.core.request import Request
from reconcile.core.snapshot import (
    Desired,
    Live,
    Missing,
    ReadFailed,
    Reading,
    Recorded,
    Snapshots,
    Unreadable,
    Value,
    Values,
)
from reconcile.core.source import Span
from reconcile.engine.apply import Outcome, Result
from reconcile.engine.record import recorded_after
from reconcile.providers.crm_analytics.convert import from_schedule
from reconcile.providers.crm_analytics.schedule import ConnectedSchedule, ScheduleKind
from reconcile.providers.tailer.kinds import Connection
from reconcile.providers.tailer.provider import PROVIDER as TAILER
from reconcile.render.json import document_text, plan_document
from reconcile.render.text import plan_text

BASE = "/services/data/v60.0"
SCHEDULE = ConnectedSchedule(BASE, ScheduleKind())
ACCOUNT = Connection.model_validate(
    {
        "provider": "tailer",
        "account": "000099",
        "environment": "DEV",
        "auth": {"method": "token", "token": "not-a-real-token"},
    }
)
KINDS: dict[tuple[str, str], Connected] = {
    ("sales", "schedule"): SCHEDULE,
    **{("tailer", name): connected for name, connected in TAILER.connected(ACCOUNT).items()},
}
OVER, NOT_YET = "2026-11-20T00:00:00Z", "2026-12-01T00:00:00Z"
STAMP = Stamp("p", "2026-11-22T14:00:00Z", "default", Base("l", 1))
THEN = "2026-11-01T00:00:00Z"
NONE: Values = {"frequency": "none"}


@dataclass(frozen=True)
class Quirks:
    """Ways in which a platform may show the same thing."""

    hides_rule: bool = False
    daily_as_weekly: bool = False
    zone_of_utc: str = "UTC"
    default_level: str | None = None

    def show(self, values: Values) -> tuple[Values, frozenset[str]]:
        """Return what the platform shows of a schedule that was PUT as ``values``."""
        if values["frequency"] == "none":
            return NONE, frozenset()
        return from_schedule(
            self.answer(dict(SCHEDULE.requests(Action.UPDATE, addresses_of(1)[0], "x", values)[0].body or {}))
        )

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return what GET shows after a PUT of ``body``."""
        if self.default_level:
            body = {"notificationLevel": self.default_level, **body}
        if self.daily_as_weekly and body["frequency"] == "daily":
            body = {**body, "frequency": "weekly", "daysOfWeek": list(DAYS)}
        answer = shown(body, hides_rule=self.hides_rule, user_zone="Asia/Tokyo")
        time = answer.get("time", {})
        if time.get("timeZone", {}).get("zoneId") == "UTC":
            time["timeZone"]["zoneId"] = self.zone_of_utc
        return answer


quirks = st.builds(
    Quirks,
    st.booleans(),
    st.booleans(),
    st.sampled_from(("UTC", "GMT", "Etc/UTC")),
    st.sampled_from((None, "warnings")),
)


def addresses_of(count: int) -> list[Address]:
    return [Address("sales", "schedule", f"recipe:R{n}") for n in range(count)]


def id_of(address: Address) -> str:
    return f"05v{address.name[7:]}"


@st.composite
def objects(draw: st.DrawFn) -> tuple[Values | None, Values, Recorded | None, bool | None]:
    """Return desired, live and recorded values of one schedule, often near to each other, and ``protect``."""
    # Events half of the time: they are the ones that hide something.
    some = event if draw(st.booleans()) else scheduled
    pool = [NONE, *draw(st.lists(some, min_size=1, max_size=2))]
    base = pool[-1]
    for name in sorted(set(base) & {"notification_level", "timezone", "last_hour", "days_of_week"}):
        if name != "days_of_week" or base["frequency"] != "weekly":
            pool.append({key: value for key, value in base.items() if key != name})
    if "time" in base:
        pool.append({**base, "time": "23:59"})
    pick = st.sampled_from(pool)
    recorded = draw(st.none() | pick)
    record = None
    if recorded is not None:
        record = Recorded(
            Address("x", "y", "z"), recorded, THEN, None, draw(st.booleans()), "f.yaml", draw(st.booleans())
        )
    return draw(st.none() | pick), draw(pick), record, draw(st.none() | st.booleans())


# Over, in force, in force for good; of entries and of whole environments.
holds = st.none() | st.builds(Hold, st.sampled_from(("a", "b")), st.sampled_from((OVER, NOT_YET, None)))


@dataclass
class World:
    """What people asked for, what is recorded, and what the org holds (as values that were once PUT)."""

    quirks: Quirks
    desired: dict[Address, Desired]
    recorded: dict[Address, Recorded]
    holds: dict[Address, Values]
    hold: Hold | None = None
    now: str = STAMP.at

    def asked(self, address: Address) -> Values:
        """Return what the files ask for now: nothing of what is held."""
        desired = self.desired[address]
        return NONE if in_force((desired.hold, self.hold), self.now) else desired.values

    def live(self) -> dict[Address, Reading]:
        """Return what the org shows of everything that somebody asks about."""
        found: dict[Address, Reading] = {}
        for address in {*self.desired, *self.recorded}:
            values, unknown = self.quirks.show(self.holds[address])
            found[address] = Live(address, values, id_of(address), "", unknown)
        return found

    def plan(self) -> Plan:
        """Return the plan."""
        stamp = replace(STAMP, at=self.now)
        return build_plan(Snapshots(self.desired, self.live(), self.recorded), KINDS, stamp, hold=self.hold)

    def apply(self, plan: Plan) -> None:
        """Do what the requests say, and record it."""
        for change in plan.changes:
            for request in change.requests:
                self._take(change.address, request)
        results = [Result(change, Outcome.DONE, sent=bool(change.requests)) for change in plan.changes]
        self.recorded = recorded_after(self.recorded, plan, results)

    def _take(self, address: Address, request: Request) -> None:
        assert request.path == f"{BASE}/wave/asset/{id_of(address)}/schedule"
        if request.method == "DELETE":
            self.holds[address] = NONE
            return
        assert request.body is not None
        plain = Quirks().answer(dict(request.body))
        self.holds[address] = from_schedule(plain)[0]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Return a few schedules in every combination."""
    world = World(draw(quirks), {}, {}, {}, draw(holds))
    for number, (desired, live, recorded, protect) in enumerate(draw(st.lists(objects(), max_size=4))):
        address = addresses_of(number + 1)[-1]
        world.holds[address] = live
        if desired is not None:
            world.desired[address] = Desired(address, desired, Span("f.yaml", number + 1, 5), protect, draw(holds))
        if recorded is not None:
            since = draw(st.none() | st.just(THEN)) if recorded.values == NONE else None
            world.recorded[address] = replace(recorded, address=address, id=id_of(address), held_since=since)
    return world


@law
@given(st.lists(scheduled | event | st.just(NONE), max_size=4), quirks)
def test_equal_snapshots_give_an_empty_plan(values: list[Values], quirk: Quirks) -> None:
    """Desired, recorded and live agree, however the platform spells it: nothing to do, to record or to say."""
    world = World(quirk, {}, {}, {})
    for address, value in zip(addresses_of(len(values)), values, strict=True):
        world.desired[address] = Desired(address, value, Span("f.yaml", 1, 1))
        world.recorded[address] = Recorded(address, value, THEN, id_of(address), False, "f.yaml")
        world.holds[address] = value
    plan = world.plan()
    assert (plan.changes, plan.records, plan.drift, plan.diagnostics) == ((), (), (), ())
    assert len(plan.unchanged) == len(values)


@law
@given(worlds())
def test_what_is_applied_is_settled(world: World) -> None:
    """After an apply the next plan has no changes, nothing to record and no drift."""
    world.apply(world.plan())
    again = world.plan()
    assert (again.changes, again.records, again.drift, again.failed) == ((), (), (), ())
    assert set(world.recorded) == set(world.desired)


@law
@given(worlds())
def test_after_an_apply_live_is_what_the_files_ask_for(world: World) -> None:
    """Every managed field is kept, nothing falls short."""
    world.apply(world.plan())
    live = world.live()
    for address in world.desired:
        found, values = live[address], world.asked(address)
        assert isinstance(found, Live)
        wanted = {} if values["frequency"] == "none" else values
        assert short_of(SCHEDULE.kind, wanted, found) == ()


@law
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(world: World, chance: random.Random) -> None:
    """The same objects in any order give the same bytes."""

    def mixed(mapping: Mapping[Address, Any]) -> dict[Address, Any]:
        items = list(mapping.items())
        chance.shuffle(items)
        return dict(items)

    plan = world.plan()
    views = Snapshots(mixed(world.desired), mixed(world.live()), mixed(world.recorded))
    other = build_plan(views, KINDS, STAMP, hold=world.hold)
    assert other == plan
    assert document_text(plan_document(other, everything=True)) == document_text(plan_document(plan, everything=True))
    assert plan_text(other, requests=True) == plan_text(plan, requests=True)


def managed(world: World, change: Change) -> set[str]:
    return set(world.asked(change.address)) if change.address in world.desired else set()


JSON_KEYS = {
    "frequency": "frequency",
    "hourlyInterval": "hourly_interval",
    "minutelyInterval": "minutely_interval",
    "daysOfWeek": "days_of_week",
    "daysOfMonth": "days_of_month",
    "weekInMonth": "week_in_month",
    "dayInWeek": "day_in_week",
    "time": "time",
    "lastHour": "last_hour",
    "triggerRule": "trigger_rule",
    "notificationLevel": "notification_level",
}


@law
@given(worlds())
def test_every_request_comes_from_the_whitelist(world: World) -> None:
    """PUT or DELETE of the asset's own schedule; the body holds what the file has and nothing else."""
    for change in world.plan().changes:
        given_up = change.action is Action.DELETE and world.holds[change.address] == NONE
        assert len(change.requests) == (change.action is not Action.FORGET and not given_up)
        for request in change.requests:
            assert request.path == f"{BASE}/wave/asset/{id_of(change.address)}/schedule"
            assert request.repeatable
            if change.action is Action.DELETE:
                assert (request.method, request.body) == ("DELETE", None)
                continue
            assert request.method == "PUT"
            assert request.body is not None
            assert set(request.body) <= KEYS
            sent = {JSON_KEYS[key] for key in request.body}
            time: Any = request.body.get("time", {})
            assert sent | ({"timezone"} if "timeZone" in time else set()) == managed(world, change)


@law
@given(worlds())
def test_drift_is_about_recorded_and_managed_fields_only(world: World) -> None:
    """Nobody is accused of what we did not record, are not certain of, or do not manage any more."""
    for item in world.plan().drift:
        record = world.recorded[item.address]
        assert record.certain
        assert item.why in (Why.DRIFT, Why.BOTH)
        assert item.applied_at == THEN
        if record.values["frequency"] != "none":
            assert {field.path for field in item.fields} <= set(record.values)
            assert all(field.before == record.values[field.path] for field in item.fields)
        live = world.live()[item.address]
        assert isinstance(live, Live)
        assert not {field.path for field in item.fields} & live.unknown
        assert item.fields


@law
@given(worlds(), st.sampled_from(("always", "failures", "never")))
def test_an_unmanaged_level_changes_nothing(world: World, level: str) -> None:
    """A field that no file has may be anything on the platform. (Drift from "none" lists all that appeared.)"""
    for address in world.holds:
        holders = [view[address].values for view in (world.desired, world.recorded) if address in view]
        assume(not any("notification_level" in values for values in holders))
    before = world.plan()
    for address, values in world.holds.items():
        if values["frequency"] != "none":
            world.holds[address] = {**values, "notification_level": level}
    after = world.plan()
    assert [(d.address, d.why) for d in after.drift] == [(d.address, d.why) for d in before.drift]
    assert [(c.address, c.action, c.why, c.requests) for c in after.changes] == [
        (c.address, c.action, c.why, c.requests) for c in before.changes
    ]


@law
@given(worlds())
def test_every_object_is_accounted_for_once(world: World) -> None:
    """Each desired object is changed or unchanged, each recorded one that left the files is deleted or forgotten."""
    plan = world.plan()
    changed, same = {c.address for c in plan.changes}, {u.address for u in plan.unchanged}
    assert not changed & same
    assert set(world.desired) <= changed | same
    for change in plan.changes:
        if change.address not in world.desired:
            assert change.action in (Action.DELETE, Action.FORGET)
            assert change.to_record is None


@law
@given(worlds())
def test_what_the_plan_saw_has_not_moved(world: World) -> None:
    """A reading again of the very same state refuses nothing, and every PUT or DELETE falls short of it."""
    live = world.live()
    for change in world.plan().changes:
        now = live[change.address]
        assert isinstance(now, Live)
        if change.requests:
            assert moved_since(SCHEDULE.kind, change, now) == ()
            if change.action is not Action.ASSERT and not {f.path for f in change.fields} & now.unknown:
                assert short_of(SCHEDULE.kind, change.after, now)


@law
@given(worlds())
def test_failed_reads_plan_nothing(world: World) -> None:
    """When every list fails there is nothing to do, to record, to forget, or to call drift."""
    error = Diagnostic("unavailable", "no", "503")
    live: dict[Address, Reading] = {address: ReadFailed(address, error) for address in world.live()}
    plan = build_plan(Snapshots(world.desired, live, world.recorded), KINDS, STAMP)
    assert (plan.changes, plan.unchanged, plan.records, plan.drift) == ((), (), (), ())
    assert set(plan.failed) == set(live)


@law
@given(worlds())
def test_missing_assets_get_no_request(world: World) -> None:
    """What is not there is an error or forgotten; nothing is sent for it."""
    live: dict[Address, Reading] = {a: Missing(a, Diagnostic("unknown", "no", str(a))) for a in world.live()}
    plan = build_plan(Snapshots(world.desired, live, world.recorded), KINDS, STAMP)
    assert all(c.action is Action.FORGET and not c.requests for c in plan.changes)
    assert set(plan.failed) == set(world.desired)
    gone = {a for a, r in world.recorded.items() if r.certain and r.values != NONE}
    assert {item.address for item in plan.drift} == gone
    assert all(item.gone for item in plan.drift)


@law
@given(worlds())
def test_a_hold_takes_nothing_away_for_good(world: World) -> None:
    """After its end everything is as if nothing had ever been held; and nothing of the hold is left in the record."""
    never = replace(
        world,
        hold=None,
        desired={a: replace(d, hold=None) for a, d in world.desired.items()},
        recorded={a: replace(r, held_since=None) for a, r in world.recorded.items()},
        holds=dict(world.holds),
    )
    never.apply(never.plan())
    world.apply(world.plan())
    world.now = "2027-01-01T00:00:00Z"
    world.hold = replace(world.hold, until=world.hold.until or NOT_YET) if world.hold else None
    world.desired = {
        a: replace(d, hold=replace(d.hold, until=d.hold.until or NOT_YET)) if d.hold else d
        for a, d in world.desired.items()
    }
    world.apply(world.plan())
    again = world.plan()
    assert (again.changes, again.records, again.drift, again.held) == ((), (), (), ())
    assert {a: r.values for a, r in world.recorded.items()} == {a: r.values for a, r in never.recorded.items()}
    assert all(record.held_since is None for record in world.recorded.values())


@law
@given(worlds())
def test_what_is_held_keeps_its_age_and_is_off(world: World) -> None:
    """The record has the first moment of a hold for as long as it lasts, and nothing is there."""
    before = {address: record.held_since for address, record in world.recorded.items()}
    world.apply(world.plan())
    for address, record in world.recorded.items():
        desired = world.desired[address]
        is_paused = world.asked(address) != desired.values
        assert record.held_since == ((before.get(address) or STAMP.at) if is_paused else None)
    for item in world.plan().held:
        assert world.holds[item.address] == NONE


@law
@given(worlds())
def test_no_guard_stands_in_the_way_of_a_hold(world: World) -> None:
    """What changes because of a hold, and nothing else, is never refused: protected or not, within any limits."""
    plan = world.plan()
    held = replace(plan, changes=tuple(change for change in plan.changes if change.hold))
    assert refusals(held, world.recorded, world.live(), DeleteLimits(0, 0), kinds=KINDS) == ()


flags: st.SearchStrategy[Values] = st.sampled_from(
    (
        {"activated": True, "archived": False},
        {"activated": False, "archived": False},
        {"activated": False, "archived": True},
    )
)
notes: st.SearchStrategy[Values] = st.sampled_from(({"once": "a"}, {"once": "b"}))


@st.composite
def accounts(draw: st.DrawFn) -> Snapshots:
    """Return Tailer objects in every combination of desired and recorded, certain or not."""
    desired, recorded, live = dict[Address, Desired](), dict[Address, Recorded](), dict[Address, Reading]()
    for number in range(draw(st.integers(0, 4))):
        kind, values = draw(st.sampled_from((("configuration", flags), ("workflow_reset", notes))))
        prefix = draw(st.sampled_from(("workflow:", "table-to-table:"))) if kind == "configuration" else ""
        address = Address("tailer", kind, f"{prefix}{number}")
        live[address] = Unreadable(address)
        if draw(st.booleans()):
            desired[address] = Desired(address, draw(values), Span("t.yaml", 1, 1), hold=draw(holds))
        if draw(st.booleans()):
            recorded[address] = Recorded(address, draw(values), THEN, None, False, "t.yaml", draw(st.booleans()))
    return Snapshots(desired, live, recorded)


@law
@given(accounts(), st.booleans())
def test_what_cannot_be_read_is_settled_by_recording_it(views: Snapshots, reassert: bool) -> None:
    """After one apply nothing is left to send; resets that nobody is sure of stay unsure and are not sent."""
    plan = build_plan(views, KINDS, STAMP, reassert=reassert)
    assert plan.drift == ()
    after = recorded_after(views.recorded, plan, [Result(c, Outcome.DONE, sent=True) for c in plan.changes])
    again = build_plan(Snapshots(views.desired, views.live, after), KINDS, STAMP)
    assert (again.changes, again.records, again.drift) == ((), (), ())


@law
@given(accounts(), st.booleans())
def test_a_one_shot_runs_once_for_each_note(views: Snapshots, reassert: bool) -> None:
    """A reset is sent exactly when its note was never handled: not when uncertain, held, or reasserting."""
    plan = build_plan(views, KINDS, STAMP, reassert=reassert)
    runs = {c.address for c in plan.changes if c.action is Action.RUN}
    expected = {
        address
        for address, desired in views.desired.items()
        if address.kind == "workflow_reset"
        and not in_force((desired.hold,), STAMP.at)
        and (address not in views.recorded or views.recorded[address].values != desired.values)
    }
    assert runs == expected
    assert not any(c.address.kind == "workflow_reset" and c.action is not Action.RUN for c in plan.changes)


@law
@given(accounts())
def test_a_lost_apply_repeats_flags_and_never_resets(views: Snapshots) -> None:
    """Every answer was lost: flags are sent again (they are absolute), resets are not."""
    plan = build_plan(views, KINDS, STAMP)
    results = [Result(c, Outcome.UNKNOWN, sent=bool(c.requests)) for c in plan.changes if c.requests]
    after = recorded_after(views.recorded, plan, results)
    again = build_plan(Snapshots(views.desired, views.live, after), KINDS, STAMP)
    sent_again = {c.address for c in again.changes if c.requests}
    assert sent_again == {r.change.address for r in results if r.change.address.kind == "configuration"}


@law
@given(st.lists(st.tuples(st.booleans(), st.sampled_from(list(Outcome))), max_size=4), worlds())
def test_no_outcome_makes_a_record_lie(ends: list[tuple[bool, Outcome]], world: World) -> None:
    """Whatever each change came to, done or not: a certain record of it is never something that live is not."""
    plan = world.plan()
    results = []
    for change, (had_effect, outcome) in zip(plan.changes, ends, strict=False):
        effect = outcome is Outcome.DONE or (outcome is Outcome.UNKNOWN and had_effect)
        if effect:
            world.apply(replace(plan, changes=(change,), unchanged=()))
        results.append(
            Result(change, outcome, sent=bool(change.requests) and outcome in (Outcome.DONE, Outcome.UNKNOWN))
        )
    start = {**world.recorded}
    world.recorded = recorded_after(start, plan, results)
    for result in results:
        record = world.recorded.get(result.change.address)
        if result.outcome is Outcome.UNKNOWN and result.sent and record:
            assert not record.certain
    world.apply(world.plan())
    assert world.plan().changes == ()


names = st.text(st.characters(codec="utf-8"), min_size=1)
words = st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1)


@law
@given(words, words, names)
def test_an_address_reads_as_it_is_written(connection: str, kind: str, name: str) -> None:
    """``parse(str(address)) == address``, whatever the name holds."""
    address = Address(connection, kind, name)
    assert Address.parse(str(address)) == address


items = st.lists(st.integers(1, 4) | st.sampled_from(("a", "last")), max_size=5).map(tuple)


@law
@given(items, items)
def test_items_enter_and_leave_as_a_count(before: tuple[Value, ...], after: tuple[Value, ...]) -> None:
    """What entered and left is the difference of two multisets."""
    found = item_changes(before, after)
    assert found is not None
    assert sorted(map(str, [*before, *found.added])) == sorted(map(str, [*after, *found.removed]))
    assert not set(found.added) & set(found.removed)


def test_the_laws_are_not_empty() -> None:
    """The strategies reach every action that schedules have, and drift: a law over nothing proves nothing."""
    seen: set[Action] = set()
    drifted: list[Why] = []

    @settings(derandomize=True, max_examples=150)
    @given(worlds())
    def look(world: World) -> None:
        plan = world.plan()
        seen.update(change.action for change in plan.changes)
        drifted.extend(item.why for item in plan.drift)

    look()
    assert seen == {Action.CREATE, Action.UPDATE, Action.DELETE, Action.ASSERT, Action.FORGET}
    assert set(drifted) == {Why.DRIFT, Why.BOTH}
