"""Laws of apply, whatever happens: files and platforms that change, calls that fail, processes that are killed.

After any of it the state can be read, what counts as certain is true, nothing that is not ours is deleted, a one-shot
is done at most once, and an apply that nothing disturbs ends with everything as the files say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.model import ANSWERS, Bed, Truth, check_states, is_true, name_of, noting_at_once, remains
from engine.mortal import Life
from engine.world import NONE, daily, flags_of, recipe, reset_of
from reconcile.core.address import Address
from reconcile.core.snapshot import Recorded, Values
from reconcile.engine.apply import Outcome
from reconcile.engine.run import Applied

RECIPES = ("A", "B", "C", "D", "E")
FLAGS = ("x", "y")
RESETS = ("flow",)

# What files ask for and what people set by hand differ, so that it is known whose a schedule is.
asked = st.sampled_from([*(daily(f"0{hour}:00") for hour in range(1, 9)), NONE])
by_hand = st.sampled_from([daily("11:00"), daily("12:00"), NONE])

# What is written into the files of one object; None: its entry is removed.
AS_IT_IS: Values = {}  # whatever is there now
entry = st.tuples(asked | asked | st.just(AS_IT_IS), st.sampled_from([None, None, None, True, False]))
# Each of them may be edited in a round. What is protected and goes keeps all the rest from being done: so rarely.
entries = st.fixed_dictionaries({}, optional={recipe(name): st.one_of(st.none(), *[entry] * 9) for name in RECIPES})
flags = st.fixed_dictionaries(
    {},
    optional={
        flags_of(f"table-to-table:{name}"): st.none()
        | st.booleans().map(lambda on: {"activated": on, "archived": False})
        for name in FLAGS
    },
)
notes = st.fixed_dictionaries(
    {}, optional={reset_of(name): st.sampled_from([None, "1", "1", "2", "2", "3"]) for name in RESETS}
)
answers = st.fixed_dictionaries(
    {name: st.lists(st.sampled_from(["", "", *ANSWERS]), max_size=2) for name in (*RECIPES, *FLAGS, *RESETS)}
)


@dataclass(frozen=True)
class Death:
    """Dying right ``before`` or after step ``number`` of a sort: any, a call, a reset, a version of the state."""

    sort: str
    number: int
    before: bool

    def is_of_sort(self, what: str, name: str) -> bool:
        match self.sort:
            case "reset":
                return name == f"POST {RESETS[0]}"
            case "state":
                return what == "create" and name.startswith("state/")
            case sort:
                return sort in ("any", what)


class Mortal(Life):
    """A life that ends with a death."""

    def __init__(self, death: Death) -> None:
        super().__init__(before=death.before)
        self._death = death

    def ends_at(self, what: str, name: str) -> bool:
        is_of_sort = self._death.is_of_sort
        return is_of_sort(what, name) and self._death.number == sum(is_of_sort(*step) for step in self.steps)


@dataclass(frozen=True)
class Round:
    """What happens to files and platforms, and how the apply after that fares."""

    entries: Mapping[Address, tuple[Values, bool | None] | None]
    flags: Mapping[Address, Values | None]
    notes: Mapping[Address, str | None]
    moves: Mapping[str, Values]
    meanwhile: Mapping[int, tuple[str, Values]]
    answers: Mapping[str, list[str]]
    unread: list[str]
    death: Death | None
    allow_deletes: int | None


# Mostly near a call or a record: that is where something can be lost.
deaths = st.one_of(
    st.builds(Death, st.just("any"), st.integers(0, 50), st.booleans()),
    st.builds(Death, st.sampled_from(["send", "create", "delete"]), st.integers(0, 6), st.booleans()),
    st.builds(Death, st.sampled_from(["reset", "state"]), st.just(0), st.booleans()),
)
moves = st.dictionaries(st.sampled_from(RECIPES), by_hand, max_size=2)
# Often nothing goes wrong: what can be lost must be in a record first.
rounds = st.builds(
    Round,
    entries,
    flags,
    notes,
    moves,
    st.dictionaries(st.integers(1, 6), st.tuples(st.sampled_from(RECIPES), by_hand), max_size=1),
    st.just({}) | answers,
    st.just([]) | st.lists(st.sampled_from(["", "", "list", *RECIPES]), max_size=4),
    st.none() | deaths,
    st.sampled_from([100, 100, 100, None]),
)


@dataclass
class Story:
    """A bed, and what nobody who applies there can know: what was promised, and what really happened."""

    bed: Bed
    protected: set[str] = field(default_factory=set)
    episodes: Counter[tuple[str, str]] = field(default_factory=Counter)
    last_note: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bed.truth.at_effect = self.check_effect

    def live_through(self, now: Round) -> None:
        """Change files and platforms, and apply; what happens then must be right at every moment."""
        truth, before = self.bed.truth, self.recorded()
        for name, values in now.moves.items():
            truth.by_hand(name, values)
        self.write_files(now)
        truth.meanwhile = {truth.reads + number: move for number, move in now.meanwhile.items()}
        truth.is_raced = False
        truth.faults = {name: [*answers] for name, answers in now.answers.items()}
        truth.read_faults = [*now.unread]
        applied = self.bed.apply(Mortal(now.death) if now.death else None, now.allow_deletes)
        self.note_promises(applied)
        self.check(before)

    def write_files(self, now: Round) -> None:
        bed, schedules = self.bed, self.bed.truth.schedules
        for address, entry in now.entries.items():
            if entry:
                bed.file(address, entry[0] or schedules[name_of(address)], entry[1])
        for address, values in now.flags.items():
            if values:
                bed.file(address, values)
        for address, note in now.notes.items():
            if note:
                bed.file(address, {"once": note})
            if note and self.last_note.get(address.name) != note:
                self.last_note[address.name] = note
                self.episodes[address.name, note] += 1
        for address in (a for part in (now.entries, now.flags, now.notes) for a, text in part.items() if text is None):
            bed.desired.pop(address, None)

    def recorded(self) -> Mapping[Address, Recorded]:
        """Return what is recorded, in the light of what was cut off."""
        return self.bed.basis().recorded

    # -- laws

    def check_effect(self, what: str, name: str) -> None:
        """Check that a call that is about to have its effect is asked for, and ours to make."""
        truth, desired = self.bed.truth, self.bed.desired
        match what:
            case "PUT":
                assert desired[recipe(name)].values != NONE
            case "DELETE":
                wanted = desired.get(recipe(name))
                assert wanted.values == NONE if wanted else name in truth.ours, f"{name} is not ours to delete"
                assert name not in self.protected, f"{name} is protected"
            case "flags":
                assert flags_of(f"table-to-table:{name}") in desired
            case _:
                note = str(desired[reset_of(name)].values["once"])
                assert truth.resets[name, note] < self.episodes[name, note], f"{name} was done for this note"

    def check(self, before: Mapping[Address, Recorded]) -> None:
        """Check what is known after an apply, whatever became of it."""
        truth, recorded = self.bed.truth, self.recorded()
        check_states(self.bed.backend)
        lost = [address for address in before if address in self.bed.desired and address not in recorded]
        assert not lost, f"{lost} are forgotten"
        for address, record in recorded.items():
            if record.certain and name_of(address) not in truth.moved_by_hand:
                assert is_true(record, truth), record
        for name in sorted(truth.ours):
            # What we made is known to be ours as long as somebody declares it.
            assert recipe(name) in recorded or recipe(name) not in self.bed.desired, name
        for name in self.protected:
            assert recorded[recipe(name)].protect, name

    def note_promises(self, applied: Applied | None) -> None:
        """Note what is ours and what is protected from now on."""
        truth, recorded = self.bed.truth, self.recorded()
        if applied and not applied.plan.refusals and not applied.trouble:
            done = {result.change.address for result in applied.results if result.outcome is Outcome.DONE}
            done |= {item.address for item in applied.plan.unchanged}
            self.protected |= {name_of(a) for a, wanted in self.bed.desired.items() if wanted.protect and a in done}
        for address, record in recorded.items():
            name, wanted = name_of(address), self.bed.desired.get(address)
            if wanted and wanted.protect is False:
                self.protected.discard(name)
            if address.kind != "schedule" or not record.certain:
                continue
            truth.replaced.pop(name, None)
            if is_true(record, truth):
                truth.moved_by_hand.discard(name)
            elif not truth.is_raced:
                continue  # moved before it was read; else it was as declared when it was read, and so became ours
            (truth.ours.discard if record.values == NONE else truth.ours.add)(name)
        doubtful = {name_of(address) for address, record in recorded.items() if not record.certain}
        truth.deleted = {name: values for name, values in truth.deleted.items() if name in doubtful}
        forgotten = {name for name in RECIPES if recipe(name) not in {*recorded, *self.bed.desired}}
        truth.ours -= forgotten
        self.protected -= forgotten

    # -- the end

    def come_to_an_end(self) -> None:
        """Apply when nothing disturbs, and check that everything is as the files say, and stays so."""
        truth, bed = self.bed.truth, self.bed
        truth.faults, truth.read_faults, truth.meanwhile, truth.is_raced = {}, [], {}, False
        self.let_go()
        applied = bed.apply(allow_deletes=100)
        assert applied
        assert applied.trouble is None
        assert not applied.plan.refusals
        assert {result.outcome for result in applied.results} <= {Outcome.DONE}, applied.results
        self.note_promises(applied)
        self.check({})
        self.check_settled()

    def let_go(self) -> None:
        """Do what the guards say, so that they do not stand in the way: nothing protected is to be deleted."""
        recorded, desired = self.recorded(), self.bed.desired
        for address in [recipe(name) for name in RECIPES]:
            record, wanted = recorded.get(address), desired.get(address)
            is_protected = (record and record.protect) or (wanted and wanted.protect)
            if is_protected and (wanted is None or wanted.values == NONE):
                self.bed.file(address, self.bed.truth.schedules[name_of(address)], protect=False)

    def check_settled(self) -> None:
        truth, bed = self.bed.truth, self.bed
        planned, state, calls = bed.plan(), bed.state(), Counter(truth.calls)
        assert (planned.plan.changes, planned.plan.records, planned.plan.refusals) == ((), (), ())
        assert bed.apply()
        assert (bed.state(), truth.calls) == (state, calls)
        assert remains(bed.backend) == []
        # One-shots that left the files stay on record; everything else is there if and only if it is asked for.
        assert {a for a in state.recorded if a.kind != "workflow_reset"} == {
            a for a in bed.desired if a.kind != "workflow_reset"
        }
        for address, wanted in bed.desired.items():
            record = state.recorded[address]
            assert record.values == wanted.values
            if record.certain:
                assert is_true(record, truth), record
            else:
                assert address.kind == "workflow_reset"
                assert "outcome-unknown" in {d.code for d in planned.plan.diagnostics}


# A PUT whose answer is lost, and somebody puts back by hand what was there before, before it is looked for.
PUT_BACK = Round(
    {recipe("C"): (daily("01:00"), None)}, {}, {}, {}, {3: ("C", daily("11:00"))}, {"C": ["lost after"]}, [], None, 100
)


@settings(max_examples=150)
@example(history=[PUT_BACK], at_once=False, width=1, pages=False)
@given(st.lists(rounds, min_size=2, max_size=6), st.booleans(), st.sampled_from([1, 3]), st.booleans())
def test_whatever_happens_nothing_is_lost_and_the_next_apply_converges(
    history: list[Round], at_once: bool, width: int, pages: bool
) -> None:
    schedules: dict[str, Values] = dict(zip(RECIPES, [NONE, NONE, daily("11:00"), daily("12:00"), NONE], strict=True))
    story = Story(Bed(Truth(schedules), width=width, pages=pages))
    with noting_at_once() if at_once else nullcontext():
        for each in history:
            story.live_through(each)
        story.come_to_an_end()
