"""Everything there is to know of one object: declared, recorded, live, and what becomes of it. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from reconcile.calendar.trigger import upstreams
from reconcile.core.address import Address, Selection
from reconcile.core.agenda import Entry
from reconcile.core.change import Change, Unchanged
from reconcile.core.diagnostic import Diagnostic, did_you_mean
from reconcile.core.drift import Drift
from reconcile.core.errors import ConfigError
from reconcile.core.history import History
from reconcile.core.lint import Allow, sifted
from reconcile.core.outlook import Outlook
from reconcile.core.pause import asked_for
from reconcile.core.snapshot import NOTHING, Desired, Live, Reading, Recorded, Values
from reconcile.core.source import Span
from reconcile.engine.agenda import View, agenda_of_files
from reconcile.engine.history import read_history
from reconcile.engine.lint import lint_files, lint_plan
from reconcile.engine.outlook import outlook_of, viewer_of
from reconcile.engine.own_file import own_findings
from reconcile.engine.place import Place
from reconcile.engine.planning import Basis, Planned, Wish, from_files, make_plan, read_basis
from reconcile.engine.timetable import declared, needs_of
from reconcile.state.lock import read_holder

# Applies of the object that are told, and runs that are to come.
APPLIES = 3
RUNS = 5
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: of which object, on whose clock (IANA) times are, and whether the platform is left alone.

    ``said`` is what the files alone made somebody say, and ``accepted`` those findings that somebody accepts.
    """

    address: Address
    zone: str
    is_offline: bool = False
    said: tuple[Diagnostic, ...] = ()
    accepted: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Ties:
    """Which others it hangs together with, each sorted.

    It runs after what it ``waits_for``, and before what is ``waited_by``. It reads the output of what it ``reads``, and
    its own is ``read_by`` others.
    """

    waits_for: tuple[Address, ...] = ()
    waited_by: tuple[Address, ...] = ()
    reads: tuple[Address, ...] = ()
    read_by: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """What is known of one object, as of ``at`` (UTC, ISO 8601); None and empty where nothing is.

    ``live`` is None when nobody asked (``is_offline``). ``change`` or ``unchanged`` is what apply would do, ``drift``
    what moved on the platform. ``runs`` are those that the files ask for, ``runs_live`` those of what is live, where
    they differ. ``findings`` are the warnings about it, ``allowed`` those that somebody accepts. ``refusals`` are the
    guards in the way, ``notes`` what else was said.
    """

    address: Address
    at: str
    zone: str
    is_offline: bool = False
    is_readable: bool = True
    declared: Desired | None = None
    recorded: Recorded | None = None
    live: Reading | None = None
    change: Change | None = None
    unchanged: Unchanged | None = None
    drift: Drift | None = None
    outlook: Outlook | None = None
    runs: Entry | None = None
    runs_live: Entry | None = None
    ties: Ties = Ties()
    findings: tuple[Diagnostic, ...] = ()
    allowed: tuple[tuple[Diagnostic, Allow], ...] = ()
    refusals: tuple[Diagnostic, ...] = ()
    notes: tuple[Diagnostic, ...] = ()
    history: History = History()  # noqa: RUF009 - frozen

    @property
    def failed(self) -> bool:
        """Say whether something could not be told."""
        return any(each.is_error for each in self.notes)


def explain(place: Place, question: Question) -> Explained:
    """Return what is known of one object. Raises ``ConfigError`` when nobody knows it, ``StateError`` for the state."""
    address = question.address
    basis = read_basis(place, read_holder(place.backend, datetime.now(UTC)))
    _check_known(place, basis, address)
    planned = None if question.is_offline else _planned(place, address)
    neighbours = _neighbours(place, basis, address)
    recorded = (planned.basis if planned else basis).recorded.get(address)
    connected = place.kinds.get((address.connection, address.kind))
    found = Explained(
        address,
        place.origin.applied_at,
        question.zone,
        question.is_offline,
        connected.kind.readable if connected else False,
        place.desired.get(address),
        recorded,
        history=read_history(place, Selection((str(address),)), APPLIES)[0] if basis.state.serial else History(),
        ties=_ties(place, neighbours, address),
    )
    if planned:
        # The plan has looked at this object alone; when it runs may hang on others.
        others = {other: each for other, each in neighbours.items() if other != address}
        planned = replace(planned, live={**others, **planned.live})
    found = _judged(place, found, planned, question)
    found = replace(found, runs=_runs(place, question, place.desired.get(address)))
    return replace(found, runs_live=_runs_live(place, question, found))


def _planned(place: Place, address: Address) -> Planned:
    return make_plan(place, from_files(Wish(Selection((str(address),)))))


def _judged(place: Place, found: Explained, planned: Planned | None, question: Question) -> Explained:
    """Return what is known with what a plan for it alone says."""
    address, text = found.address, str(found.address)
    start = viewer_of(place, question.zone).start
    lint = lint_plan(place, planned, start) if planned else lint_files(place.desired, place.links, (), start)
    lint += own_findings(place, place.origin.applied_at)
    mine = [each for each in (*question.said, *question.accepted, *place.cleaned(lint)) if each.address == text]
    sift = sifted(dict.fromkeys(mine), place.allow)
    found = replace(found, findings=sift.told, allowed=sift.allowed)
    if planned is None:
        return found
    made = planned.plan
    return replace(
        found,
        live=planned.live.get(address),
        change=next((each for each in made.changes if each.address == address), None),
        unchanged=next((each for each in made.unchanged if each.address == address), None),
        drift=next((each for each in made.drift if each.address == address), None),
        outlook=outlook_of(place, planned, viewer_of(place, question.zone)) if made.changes else None,
        refusals=made.refusals,
        notes=tuple(each for each in made.diagnostics if each not in sift.told),
    )


def _runs(place: Place, question: Question, desired: Desired | None) -> Entry | None:
    """Return the next runs of the object with what ``desired`` asks for; None for what has nothing to do with time."""
    if desired is None:
        return None
    start = viewer_of(place, question.zone).start
    view = View(start, 1, question.zone, Selection((str(question.address),)), RUNS)
    made = agenda_of_files(replace(place, desired={**place.desired, question.address: desired}), view)
    return next((each for each in made.agenda.entries if each.address == question.address), None)


def _runs_live(place: Place, question: Question, found: Explained) -> Entry | None:
    """Return the next runs of what is live now, where they are others than the files ask for."""
    connected = place.kinds.get((found.address.connection, found.address.kind))
    if not isinstance(found.live, Live) or connected is None:
        return None
    values: Values = NOTHING if connected.kind.is_absent(found.live.values) else found.live.values
    # As it is on the platform: no hold of the files changes that.
    desired = Desired(found.address, values, found.declared.source if found.declared else Span("", 1, 1))
    entry = _runs(replace(place, hold=None), question, desired)
    return None if entry is None or (found.runs and found.runs.timing == entry.timing) else entry


def _neighbours(place: Place, basis: Basis, address: Address) -> dict[Address, Live]:
    """Return all on its connection, it among them, as the files ask for them, with the ids that we recorded."""
    kinds, now = place.kinds, place.origin.applied_at
    found: dict[Address, Live] = {}
    for other, desired in place.desired.items():
        connected = kinds.get((other.connection, other.kind))
        if other.connection == address.connection and connected is not None:
            recorded = basis.recorded.get(other)
            values = asked_for(connected.kind, desired, recorded, now, place.hold).desired.values
            found[other] = Live(other, values, recorded.id if recorded else None)
    return found


def _ties(place: Place, neighbours: Mapping[Address, Live], address: Address) -> Ties:
    """Return what the files alone tell of the others on its connection."""
    values = {other: each.values for other, each in neighbours.items()}
    table = declared(place.kinds, values, {other: each.id for other, each in neighbours.items() if each.id})
    waiting = {each: upstream.known for each, upstream in upstreams(table.after.values()).items()}
    needs = needs_of(table)
    return Ties(
        waiting.get(address, ()),
        _naming(address, waiting),
        needs.get(address, ()),
        _naming(address, needs),
    )


def _naming(address: Address, others: Mapping[Address, tuple[Address, ...]]) -> tuple[Address, ...]:
    return tuple(sorted(other for other, named in others.items() if address in named))


def _check_known(place: Place, basis: Basis, address: Address) -> None:
    known = {*place.desired, *basis.recorded}
    if address in known:
        return
    near = did_you_mean(str(address), map(str, known))
    listed = ", ".join(sorted(map(str, known))[:MOST_NAMED])
    hint = near or (f"addresses look like: {listed}" if listed else "")
    more = "`reconcile plan --unmanaged` lists what is live and in no file"
    raise ConfigError(
        Diagnostic(
            "unknown-address",
            "Unknown address",
            f"{address} is in no file, and nothing is recorded of it.",
            f"{hint}; {more}" if hint else more,
        )
    )
