"""Side by side: lists that arrive in pages, writes while pages are read, and the age of what they were decided on."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from threading import Event

from reconcile.core.errors import Unavailable
from reconcile.core.request import Request
from reconcile.engine import apply as engine
from reconcile.engine.apply import Outcome
from reconcile.engine.refresh import read_in_parts
from reconcile.providers.base import Readings, Wanted

from .world import Org, Run, daily, plan_for, recipe

OLD, NEW, THIRD = daily("01:00"), daily("02:00"), daily("03:00")
NAMES = [f"R{number:02}" for number in range(12)]


@dataclass
class Paged(Org):
    """An org whose list comes in pages of five; ``breaks_at`` is the page that fails."""

    breaks_at: int = -1

    def read_in_parts(self, wanted: Collection[Wanted]) -> Iterator[Readings]:
        """Yield five readings at a time."""
        items = list(wanted)
        for number, start in enumerate(range(0, len(items), 5)):
            if number == self.breaks_at:
                raise Unavailable("503 on a page")
            page = items[start : start + 5]
            self.log.append(("page", str(len(page)), self.clock.now))
            yield Readings({item.address: self._reading(item.address, exact=False) for item in page})


def paged() -> Paged:
    return Paged(dict.fromkeys(NAMES, OLD))


def test_every_change_of_every_page_is_made_and_confirmed() -> None:
    """Twelve changes over three pages: all done, each written once, each settled once."""
    org = paged()
    run = Run(org, width=4)
    results = run.apply(plan_for(org, {recipe(name): NEW for name in NAMES}).changes)
    assert {r.outcome for r in results.values()} == {Outcome.DONE}
    assert sorted(org.sent) == NAMES
    assert set(run.witness.outcomes.values()) == {"done"}
    assert [what for what, _ in org.calls].count("page") == 6


def test_what_moved_is_refused_on_any_page() -> None:
    """The last object of the last page moved: refused alone."""
    org = paged()
    changes = plan_for(org, {recipe(name): NEW for name in NAMES}).changes
    org.schedules["R11"] = THIRD
    results = Run(org, width=2).apply(changes)
    assert results["R11"].outcome is Outcome.REFUSED
    assert [r.outcome for r in results.values()].count(Outcome.DONE) == 11


def test_a_failing_page_fails_what_was_not_read_and_nothing_else() -> None:
    """Page two breaks: five changes are made, seven are failed without a call."""
    org = paged()
    changes = plan_for(org, {recipe(name): NEW for name in NAMES}).changes
    org.breaks_at = 1
    results = Run(org, width=2).apply(changes)
    assert [r.outcome for r in results.values()] == [Outcome.DONE] * 5 + [Outcome.FAILED] * 7
    assert sorted(org.sent) == NAMES[:5]


def test_a_lost_answer_on_a_page_is_found_done() -> None:
    """Reading back behind the writes settles a lost answer, too, and only once."""
    org = paged()
    org.faults_after["R03"] = Unavailable("cut")
    org.faults_after["R03"].may_have_happened = True
    results = Run(org, width=2).apply(plan_for(org, {recipe(name): NEW for name in NAMES}).changes)
    assert results["R03"].outcome is Outcome.DONE
    assert results["R03"].diagnostic is None


def test_a_stop_while_pages_are_read_skips_the_rest() -> None:
    """Whatever was sent is read back, everything else is skipped; nothing is both or neither."""
    org = paged()
    run = Run(org, stopping=lambda: bool(org.sent), width=1)
    results = run.apply(plan_for(org, {recipe(name): NEW for name in NAMES}).changes)
    done = sorted(name for name, r in results.items() if r.outcome is Outcome.DONE)
    assert done == sorted(org.sent)
    assert {r.outcome for r in results.values()} == {Outcome.DONE, Outcome.SKIPPED}


def test_reading_in_parts_gives_everything_once() -> None:
    """Also from a reader that has no parts, and none at all for nothing."""
    wanted = [Wanted(recipe(name)) for name in NAMES]
    for org in (paged(), Org(dict.fromkeys(NAMES, OLD))):
        found = [address for part in read_in_parts(org, wanted) for address in part.by_address]
        assert found == [item.address for item in wanted]
    assert list(read_in_parts(paged(), [])) == []


class Slow(Org):
    """One call at a time; the first takes long enough for all others to get in line."""

    def send(self, request: Request) -> None:
        if not self.sent:
            Event().wait(0.3)
        super().send(request)


def test_what_waits_for_its_call_is_not_written_on_an_old_reading() -> None:
    """Contract 6: re-read at most 10 seconds before the write, however slow the calls are and however few at once."""
    names = NAMES[: engine.SPARE_WORKERS + 1]
    org = Slow(dict.fromkeys(names, OLD), send_seconds=5.0)
    Run(org).apply(plan_for(org, {recipe(name): NEW for name in names}).changes)
    read_at = 0.0
    for what, _, at in org.log:
        if what in ("read", "exact"):
            read_at = at
        else:
            assert at - read_at <= 10.0
