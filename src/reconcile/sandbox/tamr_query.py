"""One request for a page of the job list: read, checked, answered (tamr.md 1.6)."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconcile.sandbox.switch import Switches
from reconcile.sandbox.tamr_error import TamrError
from reconcile.sandbox.tamr_filter import FilterError, Test, parse_filter
from reconcile.sandbox.tamr_model import IDS, Job, newest_first, place
from reconcile.sandbox.tamr_view import View

_DEFAULT, _MOST = 10, 30  # 1.6, A
_TYPES = {"LOAD": "load", "UPDATE": "update", "PUBLISH": "publish"}  # the names of members: C
_ANY_TYPE = "JOB_TYPE_UNSPECIFIED"
_BIGGEST = 2**32 - 1
"""`page_size` is a uint32 in the proto (1.6, A)."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a list request asks for. `mark` is the same for requests that ask for the same jobs."""

    size: int
    after: tuple[bool, str, int] | None
    ids: dict[str, str]
    kind: str
    test: Test
    mark: str

    def page(self, jobs: Sequence[Job]) -> tuple[list[Job], str, int]:
        """Return one page, the token of the next ("" on the last) and how many jobs match on all pages."""
        matching = newest_first([job for job in jobs if self._matches(job)])
        rest = [job for job in matching if self.after is None or place(job) < self.after]
        page = rest[: self.size]
        return page, _token(place(page[-1]), self.mark) if len(rest) > self.size else "", len(matching)

    def _matches(self, job: Job) -> bool:
        return self.kind in ("", job.kind) and self.ids.items() <= job.ids.items() and self.test(job)


def parse_query(args: dict[str, str], switches: Switches, view: View) -> Query:
    """Return the query of a request's parameters; a TamrError 400 for what is wrong, unknown ones are ignored (B)."""
    wanted = {name: _arg(args, name, alias) for ids in IDS.values() for name, alias in ids.items()}
    ids = {name: value for name, value in wanted.items() if value}
    kind, text = _kind(_arg(args, "jobType", "job_type")), _filter(args, switches)
    try:
        test = parse_filter(text, view.states(), view.state)
    except FilterError as error:
        raise TamrError(400, str(error)) from None
    mark = hashlib.sha256(json.dumps([sorted(ids.items()), kind, text]).encode()).hexdigest()[:16]
    after = _place(_arg(args, "pageToken", "page_token"), mark)
    return Query(_size(_arg(args, "pageSize", "page_size"), switches), after, ids, kind, test, mark)


def visible(jobs: Sequence[Job], now: datetime, lag: float) -> list[Job]:
    """Return the jobs that the list can show already, hidden ones never."""
    return [job for job in jobs if not job.hidden and not job.is_younger(lag, now)]


def _arg(args: dict[str, str], name: str, alias: str) -> str:
    """Return a parameter by its JSON or its proto name; a gateway takes either (1.6, B)."""
    return args.get(name) or args.get(alias) or ""


def _filter(args: dict[str, str], switches: Switches) -> str:
    text = args.get("filter", "")
    if text and switches["tamr_filter"] == "unknown_400":
        raise TamrError(400, "unknown parameter: filter")
    return "" if switches["tamr_filter"] == "ignored" else text


def _kind(given: str) -> str:
    if given in ("", _ANY_TYPE):
        return ""
    if given not in _TYPES:
        raise TamrError(400, f"jobType must be one of: {', '.join((_ANY_TYPE, *_TYPES))}")
    return _TYPES[given]


def _size(given: str, switches: Switches) -> int:
    if given and not (given.isascii() and given.isdigit() and int(given) <= _BIGGEST):
        raise TamrError(400, f"pageSize must be a number of 0 to {_BIGGEST}")
    size = int(given or 0) or _DEFAULT
    if size > _MOST and switches["tamr_page_above_30"] == "400":
        raise TamrError(400, f"pageSize must not exceed {_MOST}")
    return min(size, _MOST)


def _token(last: tuple[bool, str, int], mark: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([*last, mark]).encode()).decode().rstrip("=")


def _place(token: str, mark: str) -> tuple[bool, str, int] | None:
    """Return the place that a token continues after; one of other filters is refused (AIP-158, so B)."""
    if not token:
        return None
    try:
        given: list[Any] = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        pending, moment, number, asked = given
        last = (bool(pending), str(moment), int(number))
    except (ValueError, TypeError, OverflowError):
        raise TamrError(400, "pageToken is not valid") from None
    if asked != mark:
        raise TamrError(400, "pageToken belongs to a request with other filters")
    return last
