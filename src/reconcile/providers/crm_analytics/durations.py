"""How long runs usually take, out of the list of jobs; pure. Sources: platform page 2.2, 3.

Only what ended well counts: a failed run is short or long for reasons that the next one does not have. A run counts
for the one asset that its job names; what names none, or may be of several, counts for nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from statistics import median

from reconcile.core.operation import JobState
from reconcile.providers.crm_analytics.api import Asset, Payload
from reconcile.providers.crm_analytics.convert import short_id
from reconcile.providers.crm_analytics.job_convert import JOB_TYPES, connector_of, created, job_from, ran, seconds_run
from reconcile.providers.crm_analytics.listed import Listed
from reconcile.providers.crm_analytics.operations import SYNC
from reconcile.providers.crm_analytics.sync import SPREAD, Dated, merged, syncs

# The last so many runs of an asset count: what it did long ago says little of what it does now.
LAST_RUNS = 10

Lengths = Mapping[str, Sequence[float]]
"""How long the runs of each asset took, in seconds, newest first, by the short id of the asset."""


def runs(jobs: Iterable[Payload], lists: Collection[Listed]) -> Lengths:
    """Return the lengths of the successful runs of dataflows and recipes.

    The job of a recipe may name the recipe, or the dataflow that runs it (page 3).
    """
    of = _namer(lists)
    found: dict[str, list[float]] = defaultdict(list)
    for payload in _newest_first(jobs):
        job = job_from(payload, {})
        seconds = seconds_run(payload) if job.state is JobState.SUCCEEDED else None
        asset_id = of(payload)
        if asset_id and seconds is not None:
            found[asset_id].append(seconds)
    return found


def data_syncs(jobs: Collection[Payload], connectors: Collection[Asset], *, is_whole: bool) -> Lengths:
    """Return the lengths of the successful data syncs, each from the begin of its first job to the end of its last.

    ``is_whole`` says that no older jobs were left unread; otherwise the oldest sync may have lost some of its jobs, and
    does not count.
    """
    by_connector: dict[str, list[Payload]] = defaultdict(list)
    for payload in jobs:
        connector = connector_of(payload, connectors) if _is_sync(payload) else None
        if connector:
            by_connector[short_id(connector.id)].append(payload)
    moments = [moment for payload in jobs if (moment := created(payload))]
    cut = None if is_whole or not moments else min(moments) + SPREAD
    return {asset_id: _lengths(mine, cut) for asset_id, mine in by_connector.items()}


def usual(lengths: Sequence[float]) -> float | None:
    """Return how long a run usually takes, in seconds: the median of the last ones; None without any."""
    return median(lengths[:LAST_RUNS]) if lengths else None


def _lengths(jobs: Collection[Payload], cut: datetime | None) -> list[float]:
    """Return how long each whole, successful sync of one connector took, newest first."""
    payloads = {short_id(str(payload["id"])): payload for payload in jobs}
    dated: list[Dated] = [(created(payload), job_from(payload, {})) for payload in payloads.values()]
    found: list[float] = []
    for group in reversed(syncs(dated)):
        begin = group[0][0]
        if begin is None or (cut and begin <= cut) or merged([job for _, job in group]).state is not JobState.SUCCEEDED:
            continue
        members = [payloads[short_id(job.id)] for _, job in group]
        seconds = seconds_run(members[0]) if len(members) == 1 else _whole_span(members)
        if seconds is not None:
            found.append(seconds)
    return found


def _is_sync(payload: Payload) -> bool:
    """Say whether a job may be one of a data sync: others say nothing of a connector either."""
    job_type = payload.get("jobType")
    return not job_type or str(job_type).lower() in {each.lower() for each in JOB_TYPES[SYNC.name]}


def _whole_span(members: Iterable[Payload]) -> float | None:
    spans = [ran(payload) for payload in members]
    known = [span for span in spans if span]
    if len(known) < len(spans):
        return None
    return (max(end for _, end in known) - min(begin for begin, _ in known)).total_seconds()


def _namer(lists: Collection[Listed]) -> Callable[[Payload], str]:
    """Return a function that says which asset a job is of, by short id, "" where that is not certain."""
    assets = [(listed.kind, asset) for listed in lists for asset in listed.by_id.values()]
    # Recipes last: a recipe's dataflow may be on the list of dataflows, too.
    assets.sort(key=lambda item: item[0] == "recipe")
    own = {
        short_id(asset_id): short_id(asset.id)
        for _, asset in assets
        for asset_id in (asset.id, asset.target_id)
        if asset_id
    }
    names = {
        f"{listed.kind}:{name}": short_id(found[0].id)
        for listed in lists
        if not listed.is_short
        for name, found in listed.by_name.items()
        if len(found) == 1
    }

    def of(payload: Payload) -> str:
        source = payload.get("source")
        source_id = source.get("id") if isinstance(source, Mapping) else None
        if isinstance(source_id, str) and source_id:
            # An id that is on no list is that of something else, whatever its name.
            return own.get(short_id(source_id), "")
        return names.get(job_from(payload, {}).target, "")

    return of


def _newest_first(jobs: Iterable[Payload]) -> list[Payload]:
    oldest = datetime.min.replace(tzinfo=UTC)
    # A list that moves while it is paged shows a job twice.
    once = {short_id(str(payload["id"])): payload for payload in jobs}
    return sorted(once.values(), key=lambda payload: created(payload) or oldest, reverse=True)
