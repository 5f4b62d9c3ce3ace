"""Places among the jobs that may run at once: never more than there are, none left empty, in turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.office import Clock, Office, Platform, nobody, office
from reconcile.core.operation import JobState
from reconcile.engine.loom import Loom, Rest, Script, call
from reconcile.engine.seat import Pool, PoolSeat
from reconcile.engine.watch import StopAsked


@dataclass
class Hall:
    """A pool and the steps that want a place in it. ``began`` is when each had its place."""

    most: int | None
    office: Office = field(default_factory=office)
    began: dict[str, float] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    peak: int = 0

    def __post_init__(self) -> None:
        self.loom = Loom(self.clock, 4)
        self.pool = Pool(self.loom, self.platform, "jobs", self.most)
        self._names = count()

    @property
    def clock(self) -> Clock:
        return self.office.clock

    @property
    def platform(self) -> Platform:
        return self.office.platform

    def step(
        self, name: str, *, after: float = 0.0, lasts: float = 60.0, waits: bool = True, fails: bool = False
    ) -> None:
        """Start a step that takes a place, starts a job and holds the place for as long as the job runs."""
        seat = PoolSeat(self.pool, self.office.desk, self.office._check, waits=waits)

        def script() -> Script[None]:
            yield Rest(after)
            if not (yield from seat.take()):
                self.refused.append(name)
                return
            self.began[name] = self.clock.now
            if fails:
                seat.give_back()
                return
            job = yield from call(lambda: self.platform.add(ends=self.clock.now + lasts))
            seat.holds(job.id)
            self.peak = max(self.peak, sum(not each.is_over for each in self.platform._now().values()))
            yield Rest(lasts)
            seat.give_back()
            seat.give_back()

        self.loom.start(script(), self._done)

    def run(self) -> None:
        self.loom.run()

    def _done(self, _: None, error: BaseException | None) -> None:
        if error:
            self.errors.append(error)


def test_never_more_than_there_are_places_and_none_left_empty() -> None:
    hall = Hall(2)
    for number in range(6):
        hall.step(str(number))
    hall.run()
    assert [*hall.began.values()] == [0.0, 0.0, 60.0, 60.0, 120.0, 120.0]
    assert [*hall.began] == [str(number) for number in range(6)]  # first come, first served
    assert hall.peak == 2


def test_without_a_limit_nobody_asks() -> None:
    hall = Hall(None)
    for number in range(20):
        hall.step(str(number))
    hall.run()
    assert set(hall.began.values()) == {0.0}
    assert hall.platform.count("pool") == 0


def test_jobs_of_others_take_places() -> None:
    hall = Hall(3)
    hall.platform.add(id="theirs", ends=100.0)
    hall.platform.add(id="also", ends=1000.0)
    for number in range(3):
        hall.step(str(number))
    hall.run()
    assert [*hall.began.values()] == [0.0, 60.0, 120.0]
    assert hall.peak == 3


@pytest.mark.parametrize("foreign", [1, 2, 3, 4])
def test_the_places_that_others_leave_are_used_however_many_wait(foreign: int) -> None:
    """Those who wait take no place: with one place free, five who want it do not keep each other from it."""
    hall = Hall(5)
    for number in range(5):
        hall.platform.add(id=f"f{number}", ends=90.0 if number >= foreign else 100_000.0)
    for number in range(12):
        hall.step(str(number))
    hall.run()
    assert len(hall.began) == 12
    assert min(hall.began.values()) == 90.0
    assert max(hall.began.values()) <= 90.0 + 12 / (5 - foreign) * 90.0
    assert hall.peak == 5


def test_one_asks_for_all_that_wait() -> None:
    hall = Hall(5)
    for number in range(5):
        hall.platform.add(id=f"f{number}", ends=3000.0)
    for number in range(50):
        hall.step(str(number))
    hall.run()
    before = [at for at in hall.platform.times("pool") if at < 3000.0]
    assert len(before) == 100  # one a poll interval


def test_who_does_not_wait_is_told_at_once_even_behind_those_who_do() -> None:
    hall = Hall(1)
    hall.platform.add(id="theirs", ends=1000.0)
    hall.step("early", waits=False)
    hall.step("patient")
    hall.step("queued", waits=False)
    hall.step("late", after=100.0, waits=False)
    hall.run()
    assert sorted(hall.refused) == ["early", "late", "queued"]
    assert [*hall.began] == ["patient"]


def test_who_does_not_wait_waits_for_our_own_jobs() -> None:
    hall = Hall(1)
    hall.step("first")
    hall.step("second", waits=False)
    hall.run()
    assert hall.began == {"first": 0.0, "second": 60.0}


def test_a_place_that_was_not_used_is_passed_on() -> None:
    hall = Hall(1)
    hall.step("fails", fails=True)
    hall.step("next")
    hall.run()
    assert hall.began == {"fails": 0.0, "next": 0.0}


def test_jobs_that_were_there_before_hold_places_even_too_many() -> None:
    hall = Hall(1)
    seats = [PoolSeat(hall.pool, hall.office.desk, lambda: None, waits=True) for _ in range(3)]
    for number, seat in enumerate(seats):
        job = hall.platform.add(id=f"old{number}", ends=50.0 * (number + 1))

        def script(seat: PoolSeat = seat, job: str = job.id, ends: float = 50.0 * (number + 1)) -> Script[None]:
            seat.holds(job)
            yield Rest(ends)
            seat.give_back()

        hall.loom.start(script(), hall._done)
    hall.step("new")
    hall.run()
    assert hall.began == {"new": 150.0}


def test_an_outage_while_asking_is_waited_for_and_a_long_one_fails_one_after_the_other() -> None:
    hall = Hall(1)
    hall.platform.reads.extend(nobody() for _ in range(3))
    hall.step("a")
    hall.run()
    assert hall.began["a"] > 0
    down = Hall(1)
    down.platform.reads.extend(nobody() for _ in range(100))
    down.step("a")
    down.step("b")
    down.run()
    assert len(down.errors) == 2
    assert down.began == {}


def test_a_stop_ends_the_waiting_and_leaves_the_door_open() -> None:
    hall = Hall(1)
    hall.platform.add(id="theirs", ends=1000.0)
    hall.office.stop_at = 100.0
    hall.step("first")
    hall.step("second")
    hall.run()
    assert [type(error) for error in hall.errors] == [StopAsked]
    assert [*hall.began] == ["second"]  # the stop is raised once here


@settings(max_examples=80)
@given(
    most=st.integers(1, 4),
    foreign=st.lists(st.floats(10.0, 300.0), max_size=4),
    steps=st.lists(st.tuples(st.floats(0.0, 200.0), st.floats(1.0, 100.0), st.booleans(), st.booleans()), max_size=12),
)
def test_whoever_comes_and_goes_the_limit_is_kept_and_everyone_has_a_turn(
    most: int, foreign: list[float], steps: list[tuple[float, float, bool, bool]]
) -> None:
    hall = Hall(most)
    for number, ends in enumerate(foreign[:most]):
        hall.platform.add(id=f"f{number}", ends=ends)
    for number, (after, lasts, waits, fails) in enumerate(steps):
        hall.step(str(number), after=after, lasts=lasts, waits=waits, fails=fails)
    hall.run()
    assert hall.errors == []
    assert hall.peak <= most
    patient = {str(number) for number, step in enumerate(steps) if step[2]}
    assert patient <= hall.began.keys()
    assert hall.began.keys() | {*hall.refused} == {str(number) for number in range(len(steps))}
    assert hall.pool.taken == 0
    assert hall.pool.jobs == set()
    assert all(job.state is not JobState.UNKNOWN for job in hall.platform._now().values())
