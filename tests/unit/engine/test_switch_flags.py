"""Flags set by hand: the record says afterwards what was sent, or that nobody knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.simulated import Bed
from reconcile.core.address import Address
from reconcile.core.errors import AnswerLost, LockHeld, ObjectNotFound, PlatformError, Refused, StateError, Unavailable
from reconcile.core.kind import Action
from reconcile.core.snapshot import Recorded, Values
from reconcile.engine.place import Place
from reconcile.engine.planning import Wish, from_files, make_plan
from reconcile.engine.switch_flags import Switched, switch_flags
from reconcile.state.backend import Backend
from reconcile.state.intent import Intent
from reconcile.state.journal import Journal
from reconcile.state.lock import acquire

TABLE = Address("tailer", "configuration", "table-to-table:000099_Load_PDA_f_traffic_ma_DEV")
OTHER = Address("tailer", "configuration", "workflow:000099-iowa-liquor-load-pda")
ON: Values = {"activated": True, "archived": False}
OFF: Values = {"activated": False, "archived": False}
THEN = "2026-11-01T09:00:00Z"


def place_of(bed: Bed, backend: Backend | None = None) -> Place:
    """Return a place whose Tailer connection tries every call once, so that nothing is waited for."""
    place = bed.place(backend=backend)
    link = place.links["tailer"]
    settings = link.settings.model_copy(update={"attempts": 1})
    return replace(place, links={**place.links, "tailer": replace(link, settings=settings)})


def recorded(place: Place) -> None:
    """Record the table as switched on, as it is, and another object."""
    table = Recorded(TABLE, ON, THEN, protect=True, file="tailer.yaml")
    other = Recorded(OTHER, ON, THEN)
    place.store.write(place.store.latest(), {TABLE: table, OTHER: other}, None, at=THEN)


def flags(bed: Bed) -> tuple[bool, bool]:
    """Return what the platform holds."""
    with bed.sandbox.lock:
        found = [*bed.sandbox.tailer.model.configurations.values()]
    for each in found:
        if each.id == TABLE.name.partition(":")[2] and each.environment == "DEV":
            return each.activated, each.archived
    raise LookupError(TABLE)


def test_what_is_recorded_is_recorded_anew(bed: Bed) -> None:
    """Who, when and what are in history; protection and file stay; other objects too; no journal is left."""
    place = place_of(bed)
    recorded(place)
    assert switch_flags(place, TABLE, OFF) == Switched(ON, 2)
    assert flags(bed) == (False, False)
    state = place.store.latest()
    assert state.recorded[TABLE] == Recorded(TABLE, OFF, place.origin.applied_at, protect=True, file="tailer.yaml")
    assert state.recorded[OTHER] == Recorded(OTHER, ON, THEN)
    assert state.apply is not None
    assert state.apply.outcome == "done"
    (change,) = state.apply.changes
    assert (change.address, change.action, change.before, change.after) == (TABLE, Action.ASSERT, ON, OFF)
    assert change.requests == (("POST", "/v1/configuration/status"),)
    assert bed.backend.list("journal") == []


def test_what_is_not_recorded_stays_so(bed: Bed) -> None:
    """It was never ours: the call is made, and nothing is written."""
    place = place_of(bed)
    assert switch_flags(place, TABLE, OFF) == Switched(None, None)
    assert flags(bed) == (False, False)
    assert place.store.latest().serial == 0


def test_what_the_platform_refuses_changes_nothing(bed: Bed) -> None:
    """The record stays as it was, and no journal is left to be accounted for."""
    place = place_of(bed)
    recorded(place)
    bed.fault("status", platform="tailer", status=404, path="/v1/configuration", times=1)
    with pytest.raises(ObjectNotFound):
        switch_flags(place, TABLE, OFF)
    assert place.store.latest().serial == 1
    assert bed.backend.list("journal") == []
    assert flags(bed) == (True, False)


@pytest.mark.parametrize("happened", [True, False])
def test_a_lost_answer_leaves_the_record_in_doubt(bed: Bed, happened: bool) -> None:
    """Nobody knows, so the next plan sends what the file asks for; what was certain before is kept."""
    place = place_of(bed)
    recorded(place)
    bed.fault("cut", platform="tailer", path="/v1/configuration", after_effect=happened, times=1)
    with pytest.raises(AnswerLost):
        switch_flags(place, TABLE, OFF)
    state = place.store.latest()
    assert (state.recorded[TABLE].values, state.recorded[TABLE].certain) == (OFF, False)
    assert state.recorded[TABLE].before == ON
    assert state.apply is not None
    assert (state.apply.outcome, state.apply.changes[0].outcome) == ("failed", "unknown")
    assert flags(bed) == (not happened, False)


def test_the_calls_are_repeated_as_in_an_apply(bed: Bed) -> None:
    """Both flags are set as a whole, so a call may be sent again."""
    place = bed.place()
    link = place.links["tailer"]
    settings = link.settings.model_copy(update={"attempts": 3, "longest_wait": 0.02})
    place = replace(place, links={**place.links, "tailer": replace(link, settings=settings)})
    bed.fault("cut", platform="tailer", path="/v1/configuration", after_effect=True, times=2)
    assert switch_flags(place, TABLE, OFF) == Switched(None, None)
    assert len(bed.entries(path="/v1/configuration")) == 3


def test_nothing_is_sent_while_somebody_applies(bed: Bed) -> None:
    """Refused, with the lock's own words."""
    place = place_of(bed)
    recorded(place)
    with acquire(place.backend, place.owner, lambda: datetime.now(UTC)), pytest.raises(LockHeld):
        switch_flags(place, TABLE, OFF)
    assert bed.entries(path="/v1/configuration") == []


def test_nothing_is_sent_before_an_apply_that_was_cut_off_is_accounted_for(bed: Bed) -> None:
    """What it did would come back into the record."""
    place = place_of(bed)
    recorded(place)
    to_record = Recorded(OTHER, OFF, THEN)
    intent = Intent(OTHER, Action.UPDATE, ON, OFF, (), to_record)
    Journal.begin(place.backend, place.origin, [intent], place.store.latest()).leave()
    with pytest.raises(Refused, match="cut off"):
        switch_flags(place, TABLE, OFF)
    assert bed.entries(path="/v1/configuration") == []


class _Stubborn:
    """A backend that takes no new version of the state, once it is told so."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> object:
        return getattr(self._backend, name)

    def create(self, key: str, data: bytes) -> None:
        if key.startswith("state/"):
            raise StateError(AnswerLost("the disk is full").diagnostics[0])
        self._backend.create(key, data)


def test_a_switch_that_could_not_be_recorded_is_in_doubt_for_the_next_plan(bed: Bed) -> None:
    """The call was made: the journal says so, whenever the process ends."""
    place = place_of(bed)
    recorded(place)
    stubborn = replace(place, backend=_Stubborn(place.backend))  # type: ignore[arg-type]
    with pytest.raises(StateError):
        switch_flags(stubborn, TABLE, OFF)
    assert place.store.latest().serial == 1
    found = make_plan(place, from_files(Wish()))
    assert (found.basis.recorded[TABLE].values, found.basis.recorded[TABLE].certain) == (OFF, False)
    assert "in-flight" in {each.code for each in found.plan.diagnostics}


def test_errors_of_a_connection_that_cannot_be_reached(bed: Bed) -> None:
    """Certainly nothing was done, so nothing is in doubt."""
    place = place_of(bed)
    recorded(place)
    link = place.links["tailer"]
    nowhere = replace(link, settings=link.settings.model_copy(update={"base_url": "http://127.0.0.1:9"}))
    with pytest.raises(PlatformError) as raised:
        switch_flags(replace(place, links={"tailer": nowhere}), TABLE, OFF)
    assert isinstance(raised.value, Unavailable)
    assert place.store.latest().serial == 1
