"""The filter language of the Tamr job list, on jobs made by hand."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.sandbox.tamr_filter import FilterError, parse_filter, parse_moment
from reconcile.sandbox.tamr_model import STATES, Job, Plan, Status

T = datetime(2026, 5, 1, 10, tzinfo=UTC)
FAILED = {"reason": "OUT_OF_LUCK", "message": ""}


def at(minute: int) -> datetime:
    return T + timedelta(minutes=minute)


def job(id_: str, kind: str, ids: dict[str, str], *states: Status, cancelled: datetime | None = None) -> Job:
    return Job(id_, 1, {kind: ids}, Plan(1, 1, 1), [*states][::-1], cancelled)


JOBS = {
    "pending": job("job_1", "load", {"sourceId": "src_1"}, Status("PENDING", at(0))),
    "running": job("job-2", "update", {"dataProductId": "dp_xyz"}, Status("PENDING", at(1)), Status("RUNNING", at(2))),
    "stopping": job(
        "job_3",
        "update",
        {"workflowId": "flow_xyz"},
        Status("PENDING", at(2)),
        Status("RUNNING", at(3)),
        Status("STOPPING", at(4)),
        cancelled=at(4),
    ),
    "done": job(
        "job_4",
        "publish",
        {"destinationId": 'Say "Hi" AND (1)', "dataProductId": "dp_xyz"},
        Status("PENDING", at(5)),
        Status("RUNNING", at(6)),
        Status("DONE", at(7)),
    ),
    "failed": job(
        "job_5",
        "load",
        {"sourceId": "src_2"},
        Status("PENDING", at(8)),
        Status("RUNNING", at(9)),
        Status("DONE", at(10), FAILED),
    ),
    "never_ran": job(
        "job_6", "load", {"sourceId": "src_1"}, Status("PENDING", at(8)), Status("DONE", at(9), FAILED), cancelled=at(9)
    ),
}
ALL = frozenset(JOBS)


def state_of(each: Job) -> str:
    return each.status.state


def matching(text: str) -> frozenset[str]:
    test = parse_filter(text, STATES, state_of)
    return frozenset(name for name, each in JOBS.items() if test(each))


CASES: dict[str, set[str] | frozenset[str]] = {
    "": ALL,
    "   ": ALL,
    # ids
    'job_id = "job_1"': {"pending"},
    "job_id=job_1": {"pending"},
    "job_id = 'job_1'": {"pending"},
    "job_id = job-2": {"running"},
    'job_id != "job_1"': ALL - {"pending"},
    'job_id = "job_*"': set(),
    'job_id = "JOB_1"': set(),
    # the has operator
    "configuration:load": {"pending", "failed", "never_ran"},
    "configuration : update": {"running", "stopping"},
    "configuration:publish": {"done"},
    "status:error": {"failed", "never_ran"},
    # fields below configuration: another type has no such field
    'configuration.load.source_id = "src_1"': {"pending", "never_ran"},
    "configuration.load.source_id = src_2": {"failed"},
    'configuration.update.data_product_id = "dp_xyz"': {"running"},
    'configuration.publish.data_product_id = "dp_xyz"': {"done"},
    'configuration.update.workflow_id = "flow_xyz"': {"stopping"},
    'configuration.update.workflow_id = ""': {"running"},
    'configuration.publish.destination_id = "Say \\"Hi\\" AND (1)"': {"done"},
    "configuration.publish.destination_id = 'Say \"Hi\" AND (1)'": {"done"},
    # states
    "status.state = PENDING": {"pending"},
    'status.state = "RUNNING"': {"running"},
    "status.state=STOPPING": {"stopping"},
    "status.state != DONE": {"pending", "running", "stopping"},
    # times: an undefined one compares as false, either way
    'create_time() >= "2026-05-01T10:08:00Z"': {"failed", "never_ran"},
    'create_time() > "2026-05-01T10:08:00Z"': set(),
    'create_time() < "2026-05-01T10:01:00Z"': {"pending"},
    'create_time() <= "2026-05-01T10:01:00Z"': {"pending", "running"},
    'create_time() = "2026-05-01T10:05:00Z"': {"done"},
    'create_time()>="2026-05-01T12:08:00+02:00"': {"failed", "never_ran"},
    'create_time() <= "2026-05-01T08:00:00.000-02:00"': {"pending"},
    'start_time() > "2020-01-01T00:00:00Z"': {"running", "stopping", "done", "failed"},
    'start_time() < "2020-01-01T00:00:00Z"': set(),
    'start_time() != "2026-05-01T10:02:00Z"': {"stopping", "done", "failed"},
    'cancel_time() >= "2026-05-01t10:04:30z"': {"never_ran"},
    'stop_time() <= "2026-05-01T10:09:00Z"': {"done", "never_ran"},
    'NOT start_time() > "2020-01-01T00:00:00Z"': {"pending", "never_ran"},
    # presence
    "create_time()": ALL,
    "start_time()": {"running", "stopping", "done", "failed"},
    "cancel_time( )": {"stopping", "never_ran"},
    "stop_time ()": {"done", "failed", "never_ran"},
    # negation
    "NOT stop_time()": {"pending", "running", "stopping"},
    "-stop_time()": {"pending", "running", "stopping"},
    "NOT status:error AND stop_time()": {"done"},
    "-(status:error OR configuration:update)": {"pending", "done"},
    "NOT (NOT configuration:load)": {"pending", "failed", "never_ran"},
    # AND, OR, neither
    "status:error AND start_time()": {"failed"},
    "status:error start_time()": {"failed"},
    "start_time() -stop_time()": {"running", "stopping"},
    "status.state = RUNNING OR status.state = PENDING OR status.state = STOPPING": {"pending", "running", "stopping"},
    # OR binds tighter, unlike nearly everywhere else
    "status:error AND configuration:load OR configuration:update": {"failed", "never_ran"},
    "(status:error AND configuration:load) OR configuration:update": {"failed", "never_ran", "running", "stopping"},
    "configuration:update OR configuration:load AND status:error": {"failed", "never_ran"},
    "configuration:update OR configuration:load NOT stop_time()": {"pending", "running", "stopping"},
    "((((stop_time()))))": {"done", "failed", "never_ran"},
    # as platform page 1.6 shows them
    'configuration.update.data_product_id = "dp_xyz" AND status.state != DONE': {"running"},
    'configuration.load.source_id = "src_1" AND create_time() >= "2026-05-01T10:05:00Z"': {"never_ran"},
}


@pytest.mark.parametrize(("text", "names"), CASES.items(), ids=CASES)
def test_a_filter_matches(text: str, names: set[str]) -> None:
    assert matching(text) == names


@pytest.mark.parametrize(
    ("text", "words"),
    [
        # syntax
        ("job_id =", "a value is missing at the end"),
        ("job_id = = x", "a value is wanted instead of '='"),
        ("job_id", "= or != is missing at the end"),
        ("= x", "a field or a function is wanted"),
        ("stop_time() AND", "a field or a function is missing"),
        ("AND stop_time()", "instead of 'AND'"),
        ("stop_time() OR OR stop_time()", "instead of 'OR' at character 15"),
        ("NOT", "missing at the end"),
        ("NOT NOT stop_time()", "instead of 'NOT'"),
        ("(stop_time()", "')' is missing at the end"),
        ("stop_time())", "the end is wanted instead of ')'"),
        ("()", "instead of ')'"),
        ('job_id = "job_1', "cannot read '\"job_1' at character 9"),
        ("job_id = job_1 & stop_time()", "cannot read '& stop_time()'"),
        ("job_id = AND", "a value is wanted instead of 'AND'"),
        ('"job_1"', "a field or a function is wanted"),
        ("(" * 33 + "stop_time()" + ")" * 33, "more than 32 levels"),
        # words are case-sensitive
        ("stop_time() and start_time()", "and"),
        ("not stop_time()", "not"),
        # fields, operators and values that are not documented
        ("colour = red", "colour is not a field"),
        ("jobId = x", "jobId is not a field"),
        ("configuration.load.sourceId = x", "is not a field"),
        ("configuration.load = x", "is not a field"),
        ("status = DONE", "is not a field"),
        ("status.error.reason = OUT_OF_LUCK", "is not a field"),
        ("job_id:job_1", "job_id:job_1 is not known; there are: configuration:load"),
        ("configuration:reset", "is not known"),
        ("configuration:*", "cannot read '*'"),
        ("status:state", "is not known"),
        ("job_id > job_1", "= or != is wanted instead of '>'"),
        ('configuration.load.source_id != "src_1"', "= is wanted instead of '!='"),
        ("status.state > PENDING", "= or != is wanted"),
        ("status.state = FINISHED", "must be one of: PENDING, RUNNING, STOPPING, DONE"),
        ("status.state = done", "must be one of"),
        # times
        ("end_time()", "there is no function end_time(); there are: create_time, start_time, cancel_time, stop_time"),
        ("create_time(1)", "')' is wanted"),
        ('create_time = "2026-05-01T10:00:00Z"', "create_time is not a field"),
        ("create_time() >= 2026-05-01", "a timestamp in quotes is wanted"),
        ("create_time() >= stop_time()", "a timestamp in quotes is wanted"),
        ("create_time() >=", "a timestamp in quotes is missing"),
        ('create_time() : "2026-05-01T10:00:00Z"', "instead of ':'"),
        ('create_time() > "yesterday"', "is not an RFC 3339 timestamp"),
    ],
)
def test_everything_else_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text, STATES, state_of)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-01T10:00:00Z", T),
        ("2026-05-01T10:00:00.5+00:00", T + timedelta(milliseconds=500)),
        ("2026-05-01T10:00:00.000001999Z", T + timedelta(microseconds=1)),
        ("2026-05-01T15:30:00+05:30", T),
        ("2026-04-30T23:00:00-11:00", T),
    ],
)
def test_a_moment_is_read_with_its_offset(text: str, moment: datetime) -> None:
    assert parse_moment(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-05-01",
        "2026-05-01T10:00:00",
        "2026-05-01 10:00:00Z",
        "20260501T100000Z",
        "2026-05-01T10:00Z",
        "2026-13-01T10:00:00Z",
        "2026-05-01T24:30:00Z",
        "2026-05-01T10:00:00+25:00",
        "٢٠٢٦-05-01T10:00:00Z",
    ],
)
def test_a_moment_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(FilterError, match="RFC 3339"):
        parse_moment(text)


def test_a_state_is_the_one_that_is_shown() -> None:
    test = parse_filter("status.state = QUEUED", ("QUEUED", "DONE"), lambda each: "QUEUED")
    assert test(JOBS["running"])


# -- against an independent evaluation ---------------------------------------------------------------------------------

Facts = dict[str, Any]
Leaf = tuple[str, Callable[[Facts], bool]]
FACTS: dict[str, Facts] = {
    "pending": {"id": "job_1", "type": "load", "of": "src_1", "created": 0, "state": "PENDING"},
    "running": {"id": "job-2", "type": "update", "of": "dp_xyz", "created": 1, "started": 2, "state": "RUNNING"},
    "stopping": {
        "id": "job_3",
        "type": "update",
        "of": "flow_xyz",
        "created": 2,
        "started": 3,
        "cancelled": 4,
        "state": "STOPPING",
    },
    "done": {"id": "job_4", "type": "publish", "created": 5, "started": 6, "stopped": 7, "state": "DONE"},
    "failed": {
        "id": "job_5",
        "type": "load",
        "of": "src_2",
        "created": 8,
        "started": 9,
        "stopped": 10,
        "state": "DONE",
        "error": True,
    },
    "never_ran": {
        "id": "job_6",
        "type": "load",
        "of": "src_1",
        "created": 8,
        "cancelled": 9,
        "stopped": 9,
        "state": "DONE",
        "error": True,
    },
}
"""The jobs above once more, as plain facts; times are minutes."""


def time_leaf(function: str, sign: str, minute: int, offset: int) -> Leaf:
    key = {"create": "created", "start": "started", "cancel": "cancelled", "stop": "stopped"}[function]
    local = (at(minute) + timedelta(hours=offset)).replace(tzinfo=None)
    text = f'{function}_time() {sign} "{local.isoformat()}{offset:+03d}:00"'

    def holds(facts: Facts) -> bool:
        if key not in facts:
            return False
        order = (facts[key] > minute) - (facts[key] < minute)
        return order in {"=": (0,), "!=": (-1, 1), "<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}[sign]

    return text, holds


def leaves() -> st.SearchStrategy[Leaf]:
    functions = st.sampled_from(["create", "start", "cancel", "stop"])
    signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
    fixed: list[Leaf] = [
        ("configuration:load", lambda facts: facts["type"] == "load"),
        ("configuration:update", lambda facts: facts["type"] == "update"),
        ("status:error", lambda facts: "error" in facts),
        ("start_time()", lambda facts: "started" in facts),
        ("cancel_time()", lambda facts: "cancelled" in facts),
        ('job_id = "job_4"', lambda facts: facts["id"] == "job_4"),
        ("job_id != job-2", lambda facts: facts["id"] != "job-2"),
        ("configuration.load.source_id = 'src_1'", lambda facts: facts.get("of") == "src_1"),
        ('configuration.update.data_product_id = "dp_xyz"', lambda facts: facts.get("of") == "dp_xyz"),
        ("status.state = DONE", lambda facts: facts["state"] == "DONE"),
        ('status.state != "RUNNING"', lambda facts: facts["state"] != "RUNNING"),
    ]
    times = st.builds(time_leaf, functions, signs, st.integers(-1, 11), st.integers(-12, 14))
    return st.one_of(st.sampled_from(fixed), times)


Tree = tuple[str, Any]
"""("leaf", Leaf), ("not", Tree), ("-", Tree), ("and", [Tree]), ("", [Tree]) side by side, ("or", [Tree])."""


def trees() -> st.SearchStrategy[Tree]:
    leaf = leaves().map(lambda each: ("leaf", each))

    def grown(below: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
        single = st.tuples(st.sampled_from(["not", "-"]), below)
        several = st.tuples(st.sampled_from(["and", "", "or"]), st.lists(below, min_size=2, max_size=3))
        return st.one_of(single, several)

    return st.recursive(leaf, grown, max_leaves=8)


def written(tree: Tree, binding: int = 0) -> str:
    """Return the tree as text, in parentheses only where AIP-160 needs them: OR over AND, and below a NOT."""
    name, below = tree
    match name:
        case "leaf":
            return str(below[0])
        case "not" | "-":
            text, own = ("NOT " if name == "not" else "-") + written(below, 3), 2
        case "or":
            text, own = " OR ".join(written(each, 2) for each in below), 1
        case _:
            text, own = (" AND " if name else " ").join(written(each, 1) for each in below), 0
    return f"({text})" if own < binding else text


def holds(tree: Tree, facts: Facts) -> bool:
    name, below = tree
    if name == "leaf":
        return bool(below[1](facts))
    if name in ("not", "-"):
        return not holds(below, facts)
    results = [holds(each, facts) for each in below]
    return any(results) if name == "or" else all(results)


@given(trees())
def test_any_filter_means_what_it_says(tree: Tree) -> None:
    assert matching(written(tree)) == {name for name, facts in FACTS.items() if holds(tree, facts)}


@given(st.text(alphabet='() ANDORT:=!<>-"job_id.ste', max_size=30))
def test_no_text_makes_the_parser_fail_in_another_way(text: str) -> None:
    with suppress(FilterError):
        test = parse_filter(text, STATES, state_of)
        assert all(isinstance(test(each), bool) for each in JOBS.values())
