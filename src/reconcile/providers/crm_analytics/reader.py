"""Live schedules of one org: lists first, an asset alone only where a list does not show its schedule.

How many requests a read takes (platform page 2.1): one for all dataflows, one for every 200 recipes, one for all data
syncs; and one more for each wanted schedule that its list does not (fully) carry.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from threading import Lock

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import BadAnswer, ObjectNotFound, PlatformError
from reconcile.core.experience import Experience
from reconcile.core.snapshot import Live, Missing, ReadFailed, Reading, SameAs
from reconcile.providers.base import Found, Readings, Sought, Surroundings, Wanted
from reconcile.providers.crm_analytics.api import Api, Asset, Listing
from reconcile.providers.crm_analytics.convert import Unintelligible, from_schedule, short_id
from reconcile.providers.crm_analytics.discovery import discover
from reconcile.providers.crm_analytics.experience import experience
from reconcile.providers.crm_analytics.listed import Listed
from reconcile.providers.crm_analytics.target import Target, Task, as_listed, target_of

MOST_GUESSES = 10


class ScheduleReader:
    """Reads schedules. From read to read it remembers what lists cost, and which assets they do not show."""

    def __init__(
        self,
        name: str,
        api: Api,
        surroundings: Surroundings,
        close: Callable[[], None],
        *,
        asks_limits: bool = True,
    ) -> None:
        self._connection = name
        self._api = api
        self._asks_limits = asks_limits
        self._spread = surroundings.spread
        self._close = close
        self._lock = Lock()
        self._pages: dict[str, int] = {}
        self._lists: dict[str, Listed] = {}
        self._not_listed: set[str] = set()
        self._keeps_lists = surroundings.keeps_lists
        self._turns = {kind: Lock() for kind in ("dataflow", "recipe", "data_sync")}
        self._kept: dict[str, Listed | Diagnostic] = {}
        self._guesses = 0

    def close(self) -> None:
        """Close the client."""
        self._close()

    def read(self, wanted: Collection[Wanted], *, exact: bool = False) -> Readings:
        """Return a reading for each wanted schedule; see ``Reader.read``."""
        targets = [target_of(item) for item in wanted]
        alone = set[str]() if self._keeps_lists else self._cheaper_alone(targets)
        readings: dict[Address, Reading] = {}
        diagnostics: list[Diagnostic] = []
        to_get = [Task(t, Asset(str(t.wanted.id), t.name, "")) for t in targets if t.kind in alone]
        kinds = sorted({target.kind for target in targets} - alone)
        for kind, listed in zip(kinds, self._spread(self._current, kinds), strict=True):
            mine = [target for target in targets if target.kind == kind]
            if isinstance(listed, Diagnostic):
                readings.update(
                    {target.address: ReadFailed(target.address, listed, of_listing=True) for target in mine}
                )
                continue
            if listed.is_short:
                diagnostics.append(listed.incomplete(self._connection))
            found, unfinished = self._from_list(listed, mine, exact)
            readings.update(found)
            to_get += unfinished
        for job, reading in zip(to_get, self._spread(self._get, to_get), strict=True):
            readings[job.target.address] = reading
        return Readings(readings, tuple(diagnostics))

    def read_in_parts(self, wanted: Collection[Wanted]) -> Iterator[Readings]:
        """Yield readings as pages of the recipe list arrive, all else before them; see ``ReadsInParts``."""
        targets = [target_of(item) for item in wanted]
        has_pages = self._pages.get("recipe", 0) > 1 and "recipe" not in self._cheaper_alone(targets)
        # By their ids, which the plan has found: only a whole list can tell whether a name is ambiguous.
        paged: dict[str, Target] = {}
        rest: list[Wanted] = []
        for target in targets:
            asset_id = short_id(target.wanted.id or "")
            if has_pages and target.kind == "recipe" and asset_id and asset_id not in paged:
                paged[asset_id] = target
            else:
                rest.append(target.wanted)
        if rest:
            yield self.read(rest)
        if not paged:
            return
        try:
            for page in self._api.recipe_pages():
                found = self._on_page(page, paged)
                if found:
                    yield Readings(found)
        except PlatformError:
            pass  # what is left is read as a whole, which says what is wrong
        if paged:
            yield self.read([target.wanted for target in paged.values()])

    def discover(self, sought: Sought) -> Found:
        """Return what has a schedule, or could have one; see ``Discovers``."""
        return discover(self._connection, sought, self._listed, self._get, self._spread)

    def experience(self, live: Collection[Live]) -> Experience:
        """Return what the org tells of how these went so far; see ``Remembers`` and ``experience``."""
        return experience(self._connection, self._api, live, self._listed, self._spread, asks_limits=self._asks_limits)

    def _listed(self, kind: str) -> Listed | Diagnostic:
        """Return a list that was read before, or read it now."""
        return self._lists.get(kind) or self._list(kind)

    def _on_page(self, page: Listing, paged: dict[str, Target]) -> dict[Address, Reading]:
        """Return the readings that a page gives, and take them out of ``paged``."""
        found: dict[Address, Reading] = {}
        for asset in page.assets:
            target = paged.get(short_id(asset.id))
            reading = as_listed("recipe", target, asset)[0] if target else None
            if target and reading:
                found[target.address] = reading
                del paged[short_id(asset.id)]
        return found

    def _cheaper_alone(self, targets: list[Target]) -> set[str]:
        """Return the kinds of asset that are cheaper to read one by one than through their list, if ids are known.

        A trigger rule is the exception: only lists show it (page 1.2).
        """
        found: set[str] = set()
        for kind in {target.kind for target in targets}:
            mine = [target.wanted for target in targets if target.kind == kind]
            pages = self._pages.get(kind)
            if pages is None or any(w.id is None or "trigger_rule" in w.fields for w in mine):
                continue
            also_alone = sum(short_id(str(w.id)) in self._not_listed for w in mine)
            if len(mine) <= pages + also_alone:
                found.add(kind)
        return found

    def _current(self, kind: str) -> Listed | Diagnostic:
        """Return a list as it is now; where lists are kept, as it was for whoever asked first."""
        if not self._keeps_lists:
            return self._list(kind)
        with self._turns[kind]:
            if kind not in self._kept:
                self._kept[kind] = self._list(kind)
            return self._kept[kind]

    def _list(self, kind: str) -> Listed | Diagnostic:
        lists: dict[str, Callable[[], Listing]] = {
            "dataflow": self._api.dataflows,
            "recipe": self._api.recipes,
            "data_sync": self._api.connectors,
        }
        try:
            listing = lists[kind]()
        except PlatformError as error:
            told = error.diagnostics[0]
            # What the client says names the connection; what was found wrong in an answer does not.
            named = told.detail if self._connection in told.detail else f"{self._connection}: {told.detail}"
            return replace(told, detail=named)
        listed = Listed.of(kind, listing)
        with self._lock:
            self._pages[kind] = listing.pages
            self._lists[kind] = listed
        return listed

    def _from_list(
        self, listed: Listed, targets: list[Target], exact: bool
    ) -> tuple[dict[Address, Reading], list[Task]]:
        """Return what the list says, and the assets that need a call of their own."""
        readings: dict[Address, Reading] = {}
        unfinished: list[Task] = []
        found: list[tuple[Target, Asset]] = []
        for target in targets:
            match self._find(listed, target):
                case Asset() as asset:
                    found.append((target, asset))
                case None:
                    # Ids may name what the list leaves out (a format it does not list, a folder not shared).
                    unfinished.append(Task(target, Asset(target.name, target.name, "")))
                case reading:
                    readings[target.address] = reading
        readings.update(_twice(found))
        for target, asset in found:
            if target.address in readings:
                continue
            reading, partial = as_listed(listed.kind, target, asset)
            if reading is None:
                with self._lock:
                    self._not_listed.add(short_id(asset.id))
            if reading is None or exact:
                unfinished.append(Task(target, asset, partial))
            else:
                readings[target.address] = reading
        return readings, unfinished

    def _find(self, listed: Listed, target: Target) -> Asset | Reading | None:
        if target.by_id:
            return listed.by_id.get(short_id(target.name))
        match listed.by_name.get(target.name, ()):
            case (asset,):
                return asset
            case ():
                if listed.is_short:
                    diagnostic = replace(listed.incomplete(self._connection), severity=Severity.ERROR)
                    return ReadFailed(target.address, diagnostic, of_listing=True)
                return Missing(target.address, self._unknown(listed, target), not listed.by_id)
            case several:
                return ReadFailed(target.address, self._ambiguous(listed, target, several))

    def _get(self, job: Task) -> Reading:
        target, asset, partial = job.target, job.asset, job.partial
        try:
            payload = self._api.schedule(asset.id)
            values, unknown = from_schedule(payload)
        except ObjectNotFound as error:
            return Missing(target.address, replace(error.diagnostics[0], address=str(target.address)))
        except PlatformError as error:
            return ReadFailed(target.address, error.located(None, str(target.address))[0])
        except Unintelligible as error:
            return ReadFailed(target.address, _unintelligible(target, error))
        if unknown and partial and partial.get("frequency") == values.get("frequency"):
            # The list shows the trigger rule that GET hides (page 1.2); nothing else of it is newer than the asset.
            shown = {name: partial[name] for name in unknown if name in partial}
            values = {**values, **shown}
            unknown = unknown - set(shown)
        return Live(target.address, values, asset.id, asset.label, unknown, asset.modified)

    def _unknown(self, listed: Listed, target: Target) -> Diagnostic:
        # Comparing one name with ten thousand takes a moment; a whole wrong file would take minutes.
        self._guesses += 1
        return listed.unknown(
            self._connection,
            target.name,
            recorded_id=target.wanted.id or "",
            guess=self._guesses <= MOST_GUESSES,
        )

    def _ambiguous(self, listed: Listed, target: Target, several: Iterable[Asset]) -> Diagnostic:
        return replace(listed.ambiguous(self._connection, target.name, several), address=str(target.address))


def _twice(found: list[tuple[Target, Asset]]) -> dict[Address, Reading]:
    """Return readings for assets that are wanted under two addresses, once by name and once by id."""
    by_id: dict[str, list[tuple[Target, Asset]]] = {}
    for target, asset in found:
        by_id.setdefault(short_id(asset.id), []).append((target, asset))
    readings: dict[Address, Reading] = {}
    for pairs in by_id.values():
        if len(pairs) == 1:
            continue
        declared = [target for target, _ in pairs if target.wanted.declared]
        if len(declared) > 1:
            readings.update({t.address: ReadFailed(t.address, _duplicate(declared, pairs[0][1])) for t in declared})
        if declared:
            former = [target for target, _ in pairs if not target.wanted.declared]
            readings.update({t.address: SameAs(t.address, declared[0].address) for t in former})
    return readings


def _duplicate(targets: list[Target], asset: Asset) -> Diagnostic:
    names = " and ".join(str(target.address) for target in targets)
    return Diagnostic(
        code="duplicate-object",
        summary="One asset is declared twice",
        detail=f"{names} are the same asset, {asset.id}.",
        hint="keep one of the entries",
        address=str(targets[0].address),
    )


def _unintelligible(target: Target, error: Unintelligible) -> Diagnostic:
    diagnostic = BadAnswer(f"the schedule of {target.address.name} cannot be understood: {error}").diagnostics[0]
    return replace(diagnostic, address=str(target.address))
