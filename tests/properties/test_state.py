"""Laws of the state: what is written is read back, and a crash never makes a false fact certain or loses a true one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.core.address import Address
from reconcile.core.kind import Action
from reconcile.core.request import Request
from reconcile.core.snapshot import Recorded
from reconcile.state.backend import Backend, open_backend
from reconcile.state.format import Applied, AppliedChange, Origin, State, from_bytes, to_bytes
from reconcile.state.intent import Begin, Intent, Outcome, begin_from_bytes, begin_to_bytes
from reconcile.state.journal import Journal
from reconcile.state.store import Store
from reconcile.state.unfinished import overlay, unfinished

AT, THEN = "2026-11-22T14:00:00Z", "2026-11-01T00:00:00Z"
NOWHERE = Path()

# Any text but half a surrogate pair, which no JSON reader takes.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
words = st.text("abcXYZ019_-", min_size=1, max_size=6)
scalars = texts | st.integers() | st.booleans() | st.none()
values = st.dictionaries(
    texts, st.recursive(scalars, lambda v: st.lists(v, max_size=3).map(tuple), max_leaves=6), max_size=4
)
addresses = st.builds(Address, words, words, texts.filter(bool))


@st.composite
def records(draw: st.DrawFn) -> dict[Address, Recorded]:
    found = draw(st.lists(addresses, max_size=5, unique=True))
    some_id = st.none() | texts
    return {
        a: Recorded(a, draw(values), draw(texts), draw(some_id), draw(st.booleans()), draw(texts), draw(st.booleans()))
        for a in found
    }


origins = st.builds(Origin, words, texts, texts, texts, texts, st.none() | texts, st.none() | texts)
changes = st.builds(
    AppliedChange, addresses, st.sampled_from(Action), texts, values, values, st.none() | texts,
    st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
)  # fmt: skip
states = st.builds(
    State, texts, texts, st.integers(0, 10**9), texts, records(),
    st.none() | st.builds(Applied, origins, texts, st.lists(changes, max_size=3).map(tuple)),
    st.lists(words, max_size=2).map(tuple),
)  # fmt: skip


@given(states)
def test_a_state_that_is_written_is_read_back(state: State) -> None:
    assert from_bytes(to_bytes(state), "p", "h") == state


@given(states)
def test_the_same_state_has_the_same_bytes(state: State) -> None:
    backwards = {a: replace(r, values=dict(reversed(r.values.items()))) for a, r in reversed(state.recorded.items())}  # type: ignore[call-overload]
    assert to_bytes(replace(state, recorded=backwards)) == to_bytes(state)


@given(origins, texts, st.integers(0, 10**9), st.lists(addresses, max_size=4, unique=True), st.data())
def test_intents_that_are_written_are_read_back(
    origin: Origin, lineage: str, serial: int, found: list[Address], data: st.DataObject
) -> None:
    intents = []
    for address in found:
        record = data.draw(st.none() | st.builds(Recorded, st.just(address), values, texts))
        request = data.draw(st.builds(Request, words, texts, st.none() | st.dictionaries(texts, texts, max_size=2)))
        before, after = data.draw(values), data.draw(values)
        intents.append(Intent(address, data.draw(st.sampled_from(Action)), before, after, (request,), record))
    begin = Begin(origin, lineage, serial, tuple(intents))
    assert begin_from_bytes(begin_to_bytes(begin, str), "p") == begin


# A small world to crash in: what is true of each object is a number on the platform.
OBJECTS = [Address("c", kind, str(n)) for n in range(3) for kind in ("schedule", "workflow_reset")]
CALLS = (Request("PUT", "/x", {}),)


class World:
    """A backend, what is really on the platform, and what every apply knew when it ended or was cut off."""

    def __init__(self) -> None:
        self.backend: Backend = open_backend("memory://", NOWHERE, "prod")
        self.live: dict[Address, int | None] = dict.fromkeys(OBJECTS)
        self.certain: dict[Address, Recorded | None] = dict.fromkeys(OBJECTS)
        self.doubtful: set[Address] = set()

    def cut_off_apply(self, id: str, number: int, plan: list[tuple[Address, str]]) -> None:
        """Run an apply that ends in the middle; each object gets as far as its fate says."""
        origin = Origin(id, AT, "kim", "laptop", "")
        intents = [self.intent(address, number) for address, _ in plan]
        base = Store(self.backend).latest()
        with Journal.begin(self.backend, origin, intents, base, gather_seconds=0) as journal:
            for intent, (_, fate) in zip(intents, plan, strict=True):
                self.suffer(journal, intent, fate, number)

    def intent(self, address: Address, number: int) -> Intent:
        is_removal = number % 3 == 0 and address.kind == "schedule"
        record = None if is_removal else Recorded(address, {"n": number}, AT)
        after = {} if record is None else record.values
        action = Action.DELETE if is_removal else Action.UPDATE
        return Intent(address, action, {}, after, CALLS, record, one_shot=address.kind == "workflow_reset")

    def suffer(self, journal: Journal, intent: Intent, fate: str, number: int) -> None:
        address = intent.address
        if fate == "not begun":
            # Nothing tells a call that was never made from one whose answer is still to come, but for a one-shot.
            if not intent.one_shot:
                self.doubtful.add(address)
            return
        if intent.one_shot:
            journal.sent(address)
        if fate in {"refused", "failed"}:
            journal.settled(address, Outcome.FAILED)
            return
        if fate != "lost before":
            self.live[address] = number if intent.to_record else None
        match fate:
            case "done":
                journal.settled(address, Outcome.DONE)
                self.certain[address] = intent.to_record
                self.doubtful.discard(address)
            case "unknown":
                journal.settled(address, Outcome.UNKNOWN)
                self.doubtful.add(address)
            case _:
                self.doubtful.add(address)

    def tear(self, part: int, keep: int) -> None:
        """Damage one of the objects that hold outcomes or one-shots; what they said is in doubt from then on."""
        keys = [key for key in self.backend.list("journal") if key.endswith("-settled.json")]
        if keys:
            key = keys[part % len(keys)]
            self.backend.put(key, self.backend.read(key)[:keep])
            self.doubtful.update(OBJECTS)


fates = st.sampled_from(["not begun", "lost before", "lost after", "done", "unknown", "failed", "refused"])
applies = st.lists(
    st.lists(st.tuples(st.sampled_from(OBJECTS), fates), max_size=6, unique_by=lambda p: p[0]), max_size=4
)


@given(applies)
@settings(max_examples=150)
def test_after_any_applies_cut_off_anywhere_every_certain_fact_is_kept_and_nothing_false_is_certain(
    plans: list[list[tuple[Address, str]]],
) -> None:
    world = World()
    for number, plan in enumerate(plans, start=1):
        world.cut_off_apply(f"a{number}", number, plan)
    recorded, _ = overlay(Store(world.backend).latest().recorded, unfinished(world.backend))
    for address in OBJECTS:
        found = recorded.get(address)
        if address in world.doubtful:
            assert found is not None
            assert not found.certain
        else:
            assert found == world.certain[address]
            assert (found.values["n"] if found else None) == world.live[address]


@given(applies, st.integers(0, 50), st.integers(0, 60))
@settings(max_examples=80)
def test_with_a_damaged_journal_nothing_false_is_certain_and_nothing_is_blocked(
    plans: list[list[tuple[Address, str]]], part: int, keep: int
) -> None:
    world = World()
    for number, plan in enumerate(plans, start=1):
        world.cut_off_apply(f"a{number}", number, plan)
    world.tear(part, keep)
    recorded, _ = overlay(Store(world.backend).latest().recorded, unfinished(world.backend))
    for address, found in recorded.items():
        if found.certain:
            assert found.values["n"] == world.live[address]


@given(applies, applies)
@settings(max_examples=60)
def test_once_the_state_took_them_in_earlier_journals_count_for_nothing(
    earlier: list[list[tuple[Address, str]]], later: list[list[tuple[Address, str]]]
) -> None:
    world = World()
    for number, plan in enumerate(earlier, start=1):
        world.cut_off_apply(f"a{number}", number, plan)
    base = Store(world.backend).latest()
    left = unfinished(world.backend)
    recorded, _ = overlay(base.recorded, left)
    Store(world.backend).write(base, recorded, None, at=AT, took_in=[item.id for item in left])
    # Killed before it could tidy up.
    again, notes = overlay(Store(world.backend).latest().recorded, unfinished(world.backend))
    assert (again, notes) == (recorded, ())
    for number, plan in enumerate(later, start=len(earlier) + 1):
        world.cut_off_apply(f"b{number}", number, plan)
    final, _ = overlay(Store(world.backend).latest().recorded, unfinished(world.backend))
    for address, found in final.items():
        if found.certain:
            assert found.values["n"] == world.live[address]
