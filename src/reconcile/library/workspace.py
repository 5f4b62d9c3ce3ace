"""What ``reconcile.load`` returns: the program's verbs as methods, with the engine of the command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Flag
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reconcile.core.acknowledge import sorted_drift
from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ReconcileError
from reconcile.core.redact import Redactor
from reconcile.engine.agenda import View, agenda_of_files, agenda_of_live
from reconcile.engine.check import check_drift
from reconcile.engine.events import Event
from reconcile.engine.experience import informed
from reconcile.engine.history import read_history
from reconcile.engine.lint import with_findings
from reconcile.engine.loom import RealClock
from reconcile.engine.outlook import foreseen, outlook_of, viewer_of
from reconcile.engine.pipeline import Control
from reconcile.engine.planning import Planned, Planner, Wish, from_files, make_plan
from reconcile.engine.preview import unknown_names
from reconcile.engine.run import carry_out
from reconcile.engine.runs import Watching, go_on, holding, open_run, step_plans
from reconcile.engine.saved import from_saved, load_plan
from reconcile.engine.step_trace import with_steps
from reconcile.engine.telemetry import found_tracer
from reconcile.library.agenda import Calendar
from reconcile.library.applied import Applied
from reconcile.library.checked import Checked
from reconcile.library.compose import Setting
from reconcile.library.heard import LOG, listener_of
from reconcile.library.origin import origin_of
from reconcile.library.past import History
from reconcile.library.pipeline_run import PipelineRun, told_of
from reconcile.library.plan import Plan, plan_of, saved_in
from reconcile.library.selected import check_connections, check_selected, check_selection
from reconcile.library.shown import without_secrets
from reconcile.library.validated import Validated, validated

OnEvent: TypeAlias = Callable[[Event], object]
Stopping: TypeAlias = Callable[[], bool] | Flag

# As the command has it: more is a mistake, and takes long.
MOST_DAYS = 366


class Workspace:
    """What the files asked for when they were loaded, and the state and the platforms that they lead to.

    It never changes: to see files that were edited, load again. Every method may be called from several threads at
    once; of two applies to one environment the second is refused with ``LockHeld``. Nothing is open between two calls
    but pooled connections to the state.
    """

    __slots__ = ("_by", "_on_event", "_program", "_setting")

    def __init__(self, setting: Setting, program: str, by: str | None, on_event: OnEvent | None) -> None:
        self._setting, self._program, self._by, self._on_event = setting, program, by, on_event

    @property
    def root(self) -> Path:
        """The folder with ``reconcile.yaml``, absolute."""
        return self._setting.config.root

    @property
    def environment(self) -> str:
        """The environment that was loaded."""
        return self._setting.config.environment

    @property
    def addresses(self) -> tuple[Address, ...]:
        """What the files declare and the selection holds, sorted."""
        return tuple(each for each in self._setting.config.desired if self._setting.selection.holds(each))

    @property
    def pipelines(self) -> tuple[str, ...]:
        """The names of the pipelines, sorted."""
        return tuple(self._setting.config.pipelines)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Warnings and notes about the files, in order."""
        return self._setting.config.diagnostics

    def validate(self) -> Validated:
        """Return what there is to say about the files. Makes no call.

        Raises ``ConfigError`` for a pattern that names nothing in them.
        """
        with self._doing("validate") as setting:
            links = setting.place.links
            return validated(setting.config, links, setting.selection, datetime.now(UTC), self._redactor)

    def plan(
        self,
        *,
        reassert: bool = False,
        exact: bool = False,
        forecast: bool = False,
        allow_deletes: int | None = None,
        allow_accounts: Collection[str] = (),
        zone: str = "UTC",
    ) -> Plan:
        """Read live state and return what an apply would change. Changes nothing anywhere, and takes no lock.

        ``reassert`` sends again what the platforms cannot show; ``exact`` reads every object itself, also where a list
        shows it; ``forecast`` asks for limits and durations even if nothing changes. ``allow_deletes`` lifts the guards
        for at most so many deletes, ``allow_accounts`` for connections that lead to another account than before.
        ``zone`` (IANA) is that of whoever reads it.

        What a platform answers is in the plan. Raises ``ConfigError`` for a pattern or a connection that names nothing,
        ``StateError`` when the state cannot be used, ``ValueError`` for a zone that nobody knows.
        """
        _check_zone(zone)
        with self._doing("plan") as setting:
            place = setting.place
            planner = _planner(setting, reassert, exact, allow_deletes, allow_accounts)
            planned = make_plan(place, informed(planner, always=forecast))
            viewer = viewer_of(place, zone)
            if planned.plan.changes or forecast:
                planned = replace(planned, outlook=outlook_of(place, planned, viewer))
            return plan_of(place, with_findings(place, planned, viewer.start))

    def load_plan(self, path: str | os.PathLike[str]) -> Plan:
        """Return the plan that ``Plan.save`` or ``reconcile plan --out`` wrote. Whether it fits, ``apply`` says.

        Raises ``ReconcileError`` when there is no such file, ``Refused`` when it is damaged, edited, or no plan.
        """
        with without_secrets(self._redactor):
            return Plan(load_plan(Path(path)), self._redactor)

    def apply(
        self,
        plan: Plan | None = None,
        *,
        approve: Callable[[Plan], bool] | None = None,
        override: str | None = None,
        stopping: Stopping | None = None,
        reassert: bool = False,
        exact: bool = False,
        allow_deletes: int | None = None,
        allow_accounts: Collection[str] = (),
        zone: str = "UTC",
    ) -> Applied:
        """Make changes, record them, and return what became of each. One that fails stops no other.

        With ``plan`` just its changes, once: refused (``Refused``) when something was applied since it was made, or
        when it was made for another state, account or environment. Without, a plan is made under the lock, as ``plan``
        makes it with the other arguments, and ``approve`` is asked when it would change something. ``approve`` may be
        given with a plan, too; what it raises passes, with nothing changed.

        ``override`` is the reason to go ahead inside a freeze. ``stopping`` (a function, or a ``threading.Event``) is
        asked before each change: calls under way are finished and recorded, the rest is not begun. Every object is read
        again before it is written: one that moved since the plan is left alone.

        Raises ``LockHeld`` while somebody else applies, and what ``plan`` raises. Once the first call is made nothing
        raises: failures are in the result.
        """
        if plan is not None and not isinstance(plan, Plan):
            raise TypeError(f"apply() takes a Plan, not {type(plan).__name__}: load_plan() reads one from a file")
        if plan is None and approve is None:
            raise TypeError("apply() needs a plan that somebody has seen, or approve=... to ask about one")
        if plan is not None and (reassert or exact or allow_deletes is not None or allow_accounts):
            raise TypeError("a plan is applied as it was made: give these arguments to plan()")
        reason = _reason(override)
        _check_zone(zone)
        with self._doing("apply", applies=True) as setting:
            place = setting.place

            def approved(planned: Planned) -> bool:
                return approve is None or bool(approve(plan_of(place, planned)))

            if plan is None:
                planner = _planner(setting, reassert, exact, allow_deletes, allow_accounts)
            else:
                planner = from_saved(saved_in(plan))
            foreseeing = foreseen(planner, viewer_of(place, zone))
            applied = carry_out(place, foreseeing, approved, _asked(stopping), override=reason)
        return Applied(applied, self._redactor)

    def drift(self, *, exact: bool = False) -> Checked:
        """Return what moved on the platforms since the last apply. Reads only, and takes no lock.

        ``exact`` reads every object itself, also where a list shows it. What a platform answers is in the result.
        Raises ``ConfigError`` for a pattern that names nothing, ``StateError`` when the state cannot be used.
        """
        with self._doing("drift") as setting:
            check_selection(setting)
            place = setting.place
            found = check_drift(place, Wish(setting.selection, exact=exact))
            sides = sorted_drift(found.drift, place.acknowledged, place.environment, found.at)
        return Checked(found, sides, self.diagnostics, self._redactor)

    def run(
        self,
        pipeline: str,
        *,
        once: str = "",
        anew: bool = False,
        poll_interval: float = 30.0,
        control: Control | None = None,
    ) -> PipelineRun:
        """Run a pipeline to its end: each step's job is started once, when the steps it needs have succeeded.

        A run of this pipeline that was cut off less than a day ago is gone on with, or given up with ``anew``. ``once``
        is a key under which it runs at most once. Jobs are looked at every ``poll_interval`` seconds. ``control`` tells
        it from another thread to leave (jobs go on) or to stop the jobs.

        Raises ``ConfigError`` for a pipeline that is not there, ``Refused`` while another process runs it.
        """
        if not poll_interval > 0:
            raise ValueError(f"poll_interval={poll_interval} is no time between two looks")
        control, clock = control or Control(), RealClock()
        with self._doing("run", applies=True) as setting:
            place, steps = setting.place, step_plans(setting.place, setting.pipeline(pipeline))
            if wrong := unknown_names(place, steps):
                raise ReconcileError(wrong)
            with holding(place, pipeline):
                opening = open_run(place, pipeline, steps, clock, once=once, anew=anew)
                result = go_on(place, opening, Watching(clock, control, poll_interval))
        told = () if opening.is_done else told_of(result, was_left=control.leaves)
        return PipelineRun(told, result.run, self._redactor)

    def calendar(
        self, *, days: int = 7, start: datetime | None = None, zone: str = "UTC", live: bool = False
    ) -> Calendar:
        """Return when everything runs in ``days`` days of the clock of ``zone`` (IANA), from ``start`` (aware; now) on.

        As the files ask for it, without any call; or with ``live`` as the platforms have it. Raises ``ConfigError`` for
        a pattern that names nothing, ``ValueError`` for a naive ``start``, a zone that nobody knows, or ``days`` that
        are none or more than 366.
        """
        _check_zone(zone)
        if not 1 <= days <= MOST_DAYS:
            raise ValueError(f"days={days}: it takes 1 to {MOST_DAYS}")
        if start is not None and start.tzinfo is None:
            raise ValueError("start= has no time zone, so it is no moment")
        with self._doing("calendar") as setting:
            view = View(start or datetime.now(UTC).replace(microsecond=0), days, zone, setting.selection)
            made = (agenda_of_live if live else agenda_of_files)(setting.place, view)
            if not any(each.is_error for each in made.diagnostics):
                check_selected(setting.selection, made.known)
        return Calendar(self.environment, live, (*self.diagnostics, *made.diagnostics), made.agenda, self._redactor)

    def history(self, *, limit: int | None = 20) -> History:
        """Return at most ``limit`` applies of this environment (None: all), newest first. Asks no platform.

        With a selection only those that touched it. Raises ``StateError`` when the state cannot be used.
        """
        if limit is not None and limit < 1:
            raise ValueError(f"limit={limit} would look like a history without applies; None is all of them")
        with self._doing("history") as setting:
            found, seen = read_history(setting.place, setting.selection, limit)
            if setting.selection.select and not found.applies:
                check_selected(setting.selection, seen)
        return History(found, self.diagnostics, self._redactor)

    @property
    def _redactor(self) -> Redactor:
        return self._setting.place.outside.redactor

    @contextmanager
    def _doing(self, verb: str, *, applies: bool = False) -> Iterator[Setting]:
        """Yield where one operation works: as of now, in this process, with a listener, an id and a span of its own.

        Secrets are taken out of the errors that leave it.
        """
        setting, outside = self._setting, self._setting.place.outside
        tracer = found_tracer(outside.environment)
        listener = with_steps(listener_of(self._on_event, outside.redactor), tracer)
        root = self.root if applies else None
        place = replace(
            setting.place,
            outside=replace(outside, listener=listener, tracer=tracer),
            origin=origin_of(f"{self._program}: {verb}", outside.environment, root, self._by),
            pid=os.getpid(),
        )
        span = tracer.span(f"reconcile {verb}", {"reconcile.command": verb})
        with without_secrets(outside.redactor), span:
            yield replace(setting, place=place)

    def __repr__(self) -> str:
        return f"<reconcile.Workspace {str(self.root)!r} environment={self.environment!r}>"


def _planner(
    setting: Setting, reassert: bool, exact: bool, allow_deletes: int | None, allow_accounts: Collection[str]
) -> Planner:
    if allow_deletes is not None and allow_deletes < 0:
        raise ValueError(f"allow_deletes={allow_deletes} is no number of deletes")
    # A single text is one name, not its letters.
    accounts = (allow_accounts,) if isinstance(allow_accounts, str) else tuple(allow_accounts)
    check_selection(setting)
    check_connections(setting, accounts)
    return from_files(Wish(setting.selection, reassert, exact, allow_deletes, accounts))


def _asked(stopping: Stopping | None) -> Callable[[], bool]:
    """Return a question that never raises."""
    if stopping is None:
        return lambda: False
    asked = stopping.is_set if isinstance(stopping, Flag) else stopping

    def stops() -> bool:
        try:
            return bool(asked())
        except Exception:
            # In the middle of an apply: what is under way is to be recorded, and nobody can say whether to go on.
            LOG.exception("stopping= failed; nothing more is begun")
            return True

    return stops


def _reason(override: str | None) -> str | None:
    """Return the words of a reason. Raises ``ValueError`` for one without: it is kept in the history."""
    if override is None:
        return None
    words = " ".join(override.split())
    if not words:
        raise ValueError("override= is the reason to go ahead, and is kept in the history: say why")
    return words


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"no time zone is called {zone!r}; for example Europe/Paris, America/Los_Angeles, UTC"
        ) from None
