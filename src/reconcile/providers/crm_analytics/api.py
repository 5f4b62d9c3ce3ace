"""CRM Analytics' endpoints: what is asked, and what an answer must look like to be believed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reconcile.core.errors import BadAnswer
from reconcile.core.snapshot import Modified
from reconcile.providers.answer import Answer
from reconcile.providers.crm_analytics.convert import plain
from reconcile.providers.http import ReadClient

Payload = Mapping[str, Any]

# Largest page there is (page 2.2). More pages than this is a server that never ends its list.
PAGE_SIZE = 200
MOST_PAGES = 5_000

# What goes into a query is this and nothing else.
VERSION = re.compile(r"[0-9]{2,3}\.0")
USER_ID = re.compile(r"005[A-Za-z0-9]{12}([A-Za-z0-9]{3})?")

# As captured answers have it (page 2.2); read without parsing, as there are thousands.
_UTC = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z")

# Without it every string comes back HTML-escaped (page 1.5).
HEADERS = {"X-Chatter-Entity-Encoding": "false", "Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One item of a list. ``schedule`` is the list's own payload for it; ``shown`` says whether the list had any.

    ``target_id`` is the dataflow that runs a recipe (page 3), "" where there is none. ``modified_by`` is the id of the
    user who changed the asset last, "" where the list does not say; ``modified`` is the same for people.
    """

    id: str
    name: str
    label: str
    schedule: Any = None
    shown: bool = False
    target_id: str = ""
    modified_by: str = ""
    modified: Modified | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A whole list. ``pages`` is what it cost in requests; ``promised`` how many items the platform said there are."""

    assets: tuple[Asset, ...]
    pages: int
    promised: int | None = None

    @property
    def is_short(self) -> bool:
        """Say whether the platform promised more than it showed."""
        return self.promised is not None and len(self.assets) < self.promised


class Api:
    """Reading calls on one org. ``base`` is ``/services/data/v60.0``."""

    def __init__(self, client: ReadClient, base: str) -> None:
        self._client = client
        self._base = base

    def recipes(self) -> Listing:
        """Return every recipe with its schedule. Source: page 2.1, 2.2 (``scheduleAttributes`` is a whole schedule)."""
        # By id: a list that moves while it is paged shows an item twice, and leaves another one out.
        assets: dict[str, Asset] = {}
        pages, promised = 0, None
        for page in self.recipe_pages():
            pages += 1
            assets.update({asset.id: asset for asset in page.assets})
            promised = page.promised if page.promised is not None else promised
        return Listing(tuple(assets.values()), pages, promised)

    def recipe_pages(self) -> Iterator[Listing]:
        """Yield the list of recipes page by page; a page is asked for when it is wanted."""
        for page in self._pages(f"{self._base}/wave/recipes", {"pageSize": PAGE_SIZE}):
            promised = page.get("totalSize")
            assets = tuple(_assets(page, "recipes", "scheduleAttributes"))
            yield Listing(assets, 1, promised if isinstance(promised, int) else None)

    def dataflows(self) -> Listing:
        """Return every dataflow; its schedule is JSON text in a short form, if there is one. Source: page 2.1."""
        page = object_of(self._client.get(f"{self._base}/wave/dataflows"))
        return Listing(tuple(_assets(page, "dataflows", "scheduleAttributes")), 1)

    def connectors(self) -> Listing:
        """Return every data connection with its sync schedule. Source: page 2.1."""
        page = object_of(self._client.get(f"{self._base}/wave/dataConnectors"))
        return Listing(tuple(_assets(page, "dataConnectors", "ingestionSchedule")), 1)

    def schedule(self, asset_id: str) -> Mapping[str, Any]:
        """Return one asset's schedule as shown. Raises ``ObjectNotFound`` when there is no such asset."""
        answer = self._client.get(f"{self._base}/wave/asset/{asset_id}/schedule")
        return object_of(answer)

    def job_pages(self, params: Mapping[str, str]) -> Iterator[tuple[Payload, ...]]:
        """Yield the list of jobs page by page; a page is asked for when it is wanted.

        The page size is always said: without paging the platform shows no more than seven days (page 2.2).
        """
        path = f"{self._base}/wave/dataflowjobs"
        for page in self._pages(path, {"pageSize": PAGE_SIZE, **params}):
            yield with_ids(page, "dataflowJobs", f"GET {path}")

    def org_limits(self) -> Payload:
        """Return the limits of the org by name. Source: page 2.4."""
        return object_of(self._client.get(f"{self._base}/limits"))

    def versions(self) -> tuple[str, ...]:
        """Return the API versions that the org has, oldest first. Source: REST API Developer Guide, "Versions"."""
        found = self._client.get("/services/data").json()
        listed = [each.get("version") for each in found if isinstance(each, dict)] if isinstance(found, list) else []
        return tuple(str(each) for each in listed if VERSION.fullmatch(str(each)))

    def permissions(self, names: Collection[str]) -> dict[str, bool]:
        """Return which of these permissions the caller has. Source: Object Reference, "UserPermissionAccess"."""
        query = f"SELECT {', '.join(names)} FROM UserPermissionAccess"  # noqa: S608 - names of ours
        page = object_of(self._client.get(f"{self._base}/query", {"q": query}))
        record = next((each for each in _items(page, "records", "GET query") if isinstance(each, dict)), {})
        return {name: record.get(name) is True for name in names}

    def user_info(self) -> Payload:
        """Return what the login's own service says of the user who calls; ``zoneinfo`` is the user's zone.

        Source: help.salesforce.com, "Query for User Information" (``remoteaccess_using_userinfo_endpoint``). Whether a
        token may ask depends on its scopes: a refusal says nothing about the rest of the API.
        """
        return object_of(self._client.get("/services/oauth2/userinfo"))

    def users(self, ids: Collection[str]) -> tuple[Payload, ...]:
        """Return ``Id``, ``Name`` and ``IsActive`` of those of these users whom the caller may see.

        Source: REST API Developer Guide, "Query" (the shape, and ``nextRecordsUrl``); Object Reference, "User".
        """
        known = ", ".join(f"'{user_id}'" for user_id in ids if USER_ID.fullmatch(user_id))
        path = f"{self._base}/query"
        params = {"q": f"SELECT Id, Name, IsActive FROM User WHERE Id IN ({known})"}  # noqa: S608 - ids, checked above
        found: list[Payload] = []
        for page in self._pages(path, params, following="nextRecordsUrl"):
            found += [user for user in _items(page, "records", f"GET {path}") if isinstance(user, dict)]
        return tuple(found)

    def _pages(
        self, path: str, params: Mapping[str, str | int], *, following: str = "nextPageUrl"
    ) -> Iterator[Mapping[str, Any]]:
        page = object_of(self._client.get(path, params))
        yield page
        seen: set[str] = set()
        while url := page.get(following):
            url = plain(url)
            if url in seen or len(seen) >= MOST_PAGES:
                raise BadAnswer(f"the list {path} does not end: page {len(seen) + 2} points back to {url}")
            seen.add(url)
            page = object_of(self._client.get_page(url))
            yield page


def object_of(answer: Answer) -> Mapping[str, Any]:
    """Return the object that a body is. Raises ``BadAnswer`` when it is anything else."""
    body = answer.json()
    if not isinstance(body, dict):
        raise BadAnswer(f"{answer.place}: expected an object, got {answer.excerpt()}", status=answer.status)
    return body


def with_ids(page: Payload, key: str, place: str) -> tuple[Payload, ...]:
    """Return the items of a list, each of which has an ``id``. Raises ``BadAnswer``."""
    items = _items(page, key, place)
    if not all(isinstance(item, dict) and item.get("id") for item in items):
        raise BadAnswer(f'{place}: an item of "{key}" has no id')
    return tuple(items)


def _items(page: Payload, key: str, place: str) -> list[Any]:
    items = page.get(key)
    if not isinstance(items, list):
        # Never taken for an empty list: that would look as if nothing had been started.
        raise BadAnswer(f'{place}: expected a list "{key}", found {type(items).__name__}')
    return items


def _assets(page: Mapping[str, Any], key: str, schedule_key: str) -> Iterator[Asset]:
    items = page.get(key)
    if not isinstance(items, list):
        # Never taken for an empty list: that would look as if everything had gone.
        raise BadAnswer(f'expected a list "{key}", found {type(items).__name__}')
    for item in items:
        if not isinstance(item, dict) or not item.get("id"):
            raise BadAnswer(f'an item of "{key}" has no id')
        shown = item.get(schedule_key) is not None
        # The dataflow list omits the text, or leaves it blank, when there is no schedule; a date without a text means
        # that there is one in a form the list does not show.
        if key == "dataflows":
            shown = bool(item.get(schedule_key)) or not item.get("nextScheduledDate")
        elif key == "dataConnectors":
            shown = True
        name = item.get("name") or item.get("id")
        label, target = plain(item.get("label") or ""), str(item.get("targetDataflowId") or "")
        yield Asset(
            str(item["id"]),
            plain(name),
            label,
            item.get(schedule_key),
            shown,
            target,
            _modified_by(item),
            _modified(item),
        )


def _modified_by(item: Payload) -> str:
    """Return the id of who changed an asset last. Source: "Base Wave Asset" of the CRM Analytics REST API guide."""
    user = item.get("lastModifiedBy")
    user_id = user.get("id") if isinstance(user, dict) else None
    return user_id if isinstance(user_id, str) and USER_ID.fullmatch(user_id) else ""


def _modified(item: Payload) -> Modified | None:
    """Return who changed an asset last, and when; None where the list says neither. Source: as above.

    Whether setting a schedule counts as a change of the asset is documented nowhere, so it is told as the asset's.
    """
    user, date = item.get("lastModifiedBy"), item.get("lastModifiedDate")
    name = user.get("name") if isinstance(user, dict) else None
    by = plain(name) if isinstance(name, str) else ""
    at = utc_of(date) if isinstance(date, str) else ""
    return Modified("asset", by, at) if by or at else None


def utc_of(date: str) -> str:
    """Return a platform's time as UTC, ISO 8601, in whole seconds; "" for what is none, or has no zone."""
    if found := _UTC.fullmatch(date):
        return f"{found[1]}Z"
    try:
        moment = datetime.fromisoformat(date)
    except ValueError:
        return ""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment.tzinfo else ""
