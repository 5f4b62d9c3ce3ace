"""An org in memory behind the real ``Api``: lists and assets as dictionaries, and a log of what was asked."""

import json
from collections.abc import Mapping
from typing import Any, cast

from reconcile.core.address import Address
from reconcile.core.errors import ObjectNotFound, PlatformError
from reconcile.core.redact import Redactor
from reconcile.core.snapshot import Live, Missing, ReadFailed, Reading
from reconcile.providers.answer import Answer
from reconcile.providers.base import Surroundings, Wanted
from reconcile.providers.crm_analytics.api import Api
from reconcile.providers.crm_analytics.reader import ScheduleReader
from reconcile.providers.http import ReadClient

BASE = "/services/data/v60.0"
DAILY = {"frequency": "daily", "time": {"hour": 1, "minute": 0, "timeZone": {"zoneId": "UTC"}}}
SHORT_WEEKLY = '{"scheduleType":"weekly","timeZone":"UTC","startTime":{"hour":1,"minute":0},"daysOfWeek":["Sunday"]}'


def id_of(number: int, prefix: str = "05v") -> str:
    """Return an 18-character id."""
    return f"{prefix}{number:012}{'CAA' if prefix == '0It' else 'EAA' if prefix == '02K' else 'AAA'}"


def recipe(number: int, schedule: Any = None, **more: Any) -> dict[str, Any]:
    """Return a recipe as its list shows it."""
    shown = {"frequency": "none"} if schedule is None else schedule
    return {"id": id_of(number), "name": f"R{number}", "label": f"R {number}", "scheduleAttributes": shown, **more}


class Org:
    """A client that answers from memory. ``answers`` maps paths to bodies; an exception is raised instead."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, Any] = {}
        self.closed = 0
        self.recipes()
        self.dataflows()
        self.connectors()

    def recipes(self, *items: Mapping[str, Any], page: int = 200, **more: Any) -> None:
        """Fill the list of recipes, ``page`` on each page; ``more`` goes to the first page."""
        pages = [items[start : start + page] for start in range(0, len(items), page)] or [()]
        for number, part in enumerate(pages):
            following = f"{BASE}/wave/recipes?page=p{number + 1}" if number + 1 < len(pages) else None
            key = "/wave/recipes" if number == 0 else f"/wave/recipes?page=p{number}"
            head = {"totalSize": len(items), **more} if number == 0 else {"totalSize": len(items)}
            self.answers[key] = {"recipes": list(part), "nextPageUrl": following, **head}

    def dataflows(self, *items: Mapping[str, Any]) -> None:
        """Fill the list of dataflows."""
        self.answers["/wave/dataflows"] = {"dataflows": list(items)}

    def connectors(self, *items: Mapping[str, Any]) -> None:
        """Fill the list of data connections."""
        self.answers["/wave/dataConnectors"] = {"dataConnectors": list(items)}

    def schedule(self, id: str, shown: Any) -> None:
        """Set what GET shows of one asset."""
        self.answers[f"/wave/asset/{id}/schedule"] = shown

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Answer:
        """Answer a GET."""
        assert path.startswith(BASE)
        place = path.removeprefix(BASE)
        self.asked.append(place + (f"?{params}" if params and params != {"pageSize": 200} else ""))
        answer = self.answers.get(place, ObjectNotFound("404 NOT_FOUND"))
        if isinstance(answer, Exception):
            raise answer
        return Answer(200, {}, answer if isinstance(answer, str) else json.dumps(answer), place)

    def get_page(self, link: str) -> Answer:
        """Answer a GET of a link."""
        return self.get(link)

    def close(self) -> None:
        """Count."""
        self.closed += 1

    def reader(self) -> ScheduleReader:
        """Return a reader of this org, called ``sales``."""
        return ScheduleReader("sales", self.api(), self.surroundings(), self.close)

    def surroundings(self) -> Surroundings:
        """Return surroundings that tell nobody anything."""
        return Surroundings(lambda notice: None, Redactor(), {})

    def api(self) -> Api:
        """Return the real endpoints on this client."""
        return Api(cast("ReadClient", self), BASE)


def wanted(name: str, *fields: str, id: str | None = None, declared: bool = True) -> Wanted:
    """Return what to read."""
    return Wanted(Address("sales", "schedule", name), frozenset(fields), id, declared)


def read_one(reader: ScheduleReader, item: Wanted, *, exact: bool = False) -> Reading:
    """Return the reading of one object."""
    return reader.read([item], exact=exact).by_address[item.address]


def live(reader: ScheduleReader, item: Wanted, *, exact: bool = False) -> Live:
    """Return the reading of one object that must be there."""
    reading = read_one(reader, item, exact=exact)
    assert isinstance(reading, Live), reading
    return reading


def missing(reader: ScheduleReader, item: Wanted) -> Missing:
    """Return the reading of one object that must not be there."""
    reading = read_one(reader, item)
    assert isinstance(reading, Missing), reading
    return reading


def failed(reader: ScheduleReader, item: Wanted, *, exact: bool = False) -> ReadFailed:
    """Return the reading of one object that must have failed."""
    reading = read_one(reader, item, exact=exact)
    assert isinstance(reading, ReadFailed), reading
    return reading


DOWN: PlatformError = PlatformError("503 twice")
