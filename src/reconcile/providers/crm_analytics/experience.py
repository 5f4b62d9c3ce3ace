"""What one org tells of how its runs went, what it allows and whose they are: for forecasts, never needed to plan.

How many requests this takes: up to three for the jobs of dataflows and recipes (600 jobs), up to two for those of data
syncs (400; a sync has one for every object), one for the org's limits unless the settings have them, one for the zone
of the user, and one for every 200 people who changed a scheduled asset last. Lists of assets that were read for the
plan are not read again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import PlatformError
from reconcile.core.experience import Experience
from reconcile.core.limit import Limit
from reconcile.core.snapshot import Live
from reconcile.providers.base import Spread, Wanted
from reconcile.providers.crm_analytics.api import Api, Payload
from reconcile.providers.crm_analytics.convert import short_id
from reconcile.providers.crm_analytics.durations import Lengths, data_syncs, runs, usual
from reconcile.providers.crm_analytics.job_convert import JOB_TYPES, limits_from_org
from reconcile.providers.crm_analytics.limits import COUNTED, DAILY_RUNS
from reconcile.providers.crm_analytics.listed import Listed
from reconcile.providers.crm_analytics.operations import START, SYNC
from reconcile.providers.crm_analytics.people import inactive, zone_of
from reconcile.providers.crm_analytics.target import target_of

MOST_RUN_PAGES = 3
MOST_SYNC_PAGES = 2
# When every asset has so many runs on the pages so far, older ones are not asked for.
ENOUGH_RUNS = 3


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A live asset: its address, its sort, its (short) id, and whether it has a schedule."""

    address: Address
    kind: str
    asset_id: str
    has_schedule: bool


@dataclass(frozen=True, slots=True)
class _Question:
    """Something to ask an org. ``about`` and ``way_out`` are for the case that it does not answer."""

    about: str
    ask: Callable[[], Experience]
    way_out: str = ""


@dataclass(frozen=True, slots=True)
class _Unread:
    """What an org did not tell, and why."""

    about: str
    why: str
    way_out: str = ""


def experience(
    connection: str,
    api: Api,
    live: Collection[Live],
    listed: Callable[[str], Listed | Diagnostic],
    spread: Spread,
    *,
    asks_limits: bool,
) -> Experience:
    """Return what the org knows of these assets. Raises nothing for what it answers.

    ``listed`` gives the list of one kind of asset. Without ``asks_limits`` the org is not asked what it allows.
    """
    found = tuple(_scheduled(each) for each in live if each.id)
    kinds = sorted({each.kind for each in found})
    lists: dict[str, Listed] = {}
    unread: list[_Unread] = []
    for kind, one in zip(kinds, spread(listed, kinds), strict=True):
        if isinstance(one, Listed):
            lists[kind] = one
        else:
            unread.append(_Unread(f"which {kind.replace('_', ' ')} a job is of", one.detail))
    answers = spread(_answer, _questions(api, found, lists, asks_limits=asks_limits))
    told = [answer for answer in answers if isinstance(answer, Experience)]
    unread += [answer for answer in answers if isinstance(answer, _Unread)]
    return _together(told, _note(connection, unread))


def _questions(
    api: Api, found: Collection[Scheduled], lists: Mapping[str, Listed], *, asks_limits: bool
) -> list[_Question]:
    """Return what is worth asking: nothing about sorts of assets that are not there."""
    runnable = [lists[kind] for kind in ("dataflow", "recipe") if kind in lists]
    questions = [
        _Question(
            "the time zone of its user",
            lambda: Experience(zone=zone_of(api.user_info())),
            "schedules with a `timezone` of their own do not depend on it",
        )
    ]
    if asks_limits:
        about = "how many runs a day it allows"
        way_out = "set `limits: {runs_a_day: ...}` of the connection, or let its user view setup and configuration"
        questions.append(_Question(about, lambda: Experience(limits=_limits(api)), way_out))
    if runnable:
        about = "how long dataflows and recipes run"
        questions.append(_Question(about, lambda: _run_lengths(api, found, runnable)))
        questions.append(_Question("who is inactive", lambda: _owners(api, found, runnable)))
    if "data_sync" in lists:
        about, syncs = "how long data syncs run", lists["data_sync"]
        questions.append(_Question(about, lambda: _sync_lengths(api, found, syncs)))
    return questions


def _answer(question: _Question) -> Experience | _Unread:
    try:
        return question.ask()
    except PlatformError as error:
        return _Unread(question.about, error.diagnostics[0].detail, question.way_out)


def _limits(api: Api) -> dict[str, Limit]:
    return told_by(api.org_limits())


def told_by(org_limits: Mapping[str, Any]) -> dict[str, Limit]:
    """Return the limits that an org tells of by itself, by name, out of ``/limits``.

    ``/wave/limits`` is not asked: none of the types that are documented for it is about runs (CRM Analytics REST API
    guide, "Wave Analytics Limit": queries, rows, output volumes, hours a month). A maximum of 0 is that of an org
    without CRM Analytics, and says nothing.
    """
    most = next((limit.most for limit in limits_from_org(org_limits)), None)
    if not most:
        return {}
    source = f"DailyAnalyticsDataflowJobExecutions of the org; {COUNTED}"
    return {DAILY_RUNS.name: replace(DAILY_RUNS, most=most, source=source)}


def _run_lengths(api: Api, found: Collection[Scheduled], lists: Collection[Listed]) -> Experience:
    mine = [each for each in found if each.kind in {listed.kind for listed in lists}]
    return _history(api, START.name, MOST_RUN_PAGES, mine, lambda jobs, _: runs(jobs, lists))


def _sync_lengths(api: Api, found: Collection[Scheduled], listed: Listed) -> Experience:
    mine = [each for each in found if each.kind == listed.kind]
    connectors = listed.by_id.values()
    return _history(
        api, SYNC.name, MOST_SYNC_PAGES, mine, lambda jobs, whole: data_syncs(jobs, connectors, is_whole=whole)
    )


def _history(
    api: Api,
    operation: str,
    most_pages: int,
    mine: Collection[Scheduled],
    measure: Callable[[Collection[Payload], bool], Lengths],
) -> Experience:
    """Return how long these assets usually run. ``measure`` gets jobs, and whether they are all that there are."""
    jobs: list[Payload] = []
    for number, page in enumerate(api.job_pages({"jobTypes": ",".join(JOB_TYPES[operation])}), 1):
        jobs += page
        lengths = measure(jobs, False)
        if number == most_pages or all(len(lengths.get(each.asset_id, ())) >= ENOUGH_RUNS for each in mine):
            break
    else:
        lengths = measure(jobs, True)
    known = {each.address: usual(lengths.get(each.asset_id, ())) for each in mine}
    return Experience({address: seconds for address, seconds in known.items() if seconds is not None})


def _owners(api: Api, found: Iterable[Scheduled], lists: Iterable[Listed]) -> Experience:
    """Return a warning for each schedule whose asset was last changed by somebody who is inactive.

    Not for data syncs: it is the schedules of dataflows and recipes that run as the user who set them (page 1.3).
    """
    assets = {asset_id: asset for listed in lists for asset_id, asset in listed.by_id.items()}
    owned = {
        each.address: assets[each.asset_id].modified_by
        for each in found
        if each.has_schedule and each.asset_id in assets and assets[each.asset_id].modified_by
    }
    names = inactive(api, set(owned.values()))
    told = [_inactive(address, names[short_id(owner)]) for address, owner in owned.items() if short_id(owner) in names]
    return Experience(diagnostics=tuple(told))


def _scheduled(live: Live) -> Scheduled:
    has_schedule = live.values.get("frequency") not in (None, "none")
    return Scheduled(live.address, target_of(Wanted(live.address)).kind, short_id(str(live.id)), has_schedule)


def _together(told: Iterable[Experience], notes: tuple[Diagnostic, ...]) -> Experience:
    seconds: dict[Address, float] = {}
    limits: dict[str, Limit] = {}
    zone: str | None = None
    diagnostics: list[Diagnostic] = []
    for each in told:
        seconds |= each.usual_seconds
        limits |= each.limits
        zone = zone or each.zone
        diagnostics += each.diagnostics
    diagnostics.sort(key=lambda diagnostic: diagnostic.address or "")
    return Experience(seconds, limits, zone, (*diagnostics, *notes))


def _note(connection: str, unread: Collection[_Unread]) -> tuple[Diagnostic, ...]:
    """Return one note for everything that an org did not tell; none when it told all."""
    if not unread:
        return ()
    missing = "; ".join(f"{each.about} ({each.why.rstrip('.')})" for each in unread)
    return (
        Diagnostic(
            code="experience-unread",
            summary="The forecast knows less than it could",
            detail=f'Connection "{connection}" did not tell: {missing}. The plan is as good without.',
            hint="; ".join(each.way_out for each in unread if each.way_out),
            severity=Severity.NOTE,
        ),
    )


def _inactive(address: Address, name: str) -> Diagnostic:
    return Diagnostic(
        code="owner-inactive",
        summary="Last changed by somebody who is inactive",
        detail=f"{address.name} was last changed by {name}, who is inactive. A schedule runs with the rights of the "
        "user who set it, in that user's time zone. The platform does not show who that is: it may be somebody else.",
        hint="see that it still runs, or let a user who is active set its schedule",
        address=str(address),
        severity=Severity.WARNING,
    )
