"""Tamr's filter language: what is written means what is meant, read by a parser that knows nothing of the writer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tamr_tenant import LOAD, UPDATE, job, order, parsed

from reconcile.core.operation import JobQuery, JobState
from reconcile.providers.tamr import filter as filters
from reconcile.providers.tamr.convert import seen_job

SINCE = datetime(2025, 12, 2, 14, 0, 0, 500_000, tzinfo=UTC)
FAILED = {"reason": "PLANNING_FAILED", "message": "m"}
STOPPED = {"reason": "STOPPED_BY_USER", "message": "m"}
NAMES = st.text(min_size=1, max_size=8, alphabet='ab "\\()=OR') | st.text(min_size=1, max_size=8)
IDENTIFIERS = NAMES.filter(lambda text: bool(text.strip()))


def test_the_condition_for_a_target() -> None:
    assert filters.on_target(order("update", data_product="dp_xyz"), SINCE).text == (
        '(configuration.update.data_product_id = "dp_xyz") AND '
        '(status.state != DONE OR create_time() >= "2025-12-02T14:00:00Z")'
    )
    assert filters.on_target(order("publish", destination="Test 123", data_product="dp"), SINCE).text.startswith(
        '(configuration.publish.destination_id = "Test 123") AND (configuration.publish.data_product_id = "dp") AND ('
    )


def test_the_condition_for_a_subject() -> None:
    both = 'configuration.update.data_product_id = "dp" OR configuration.publish.data_product_id = "dp"'
    assert filters.on_subject(order("update", data_product="dp")).text == both
    assert filters.on_subject(order("publish", destination="d", data_product="dp")).text == both
    assert filters.on_subject(order("publish", destination="d")).text == 'configuration.publish.destination_id = "d"'
    assert filters.on_subject(order("load", source="s")).text == 'configuration.load.source_id = "s"'


def test_times_are_utc() -> None:
    here = SINCE.astimezone(datetime.strptime("+0530", "%z").tzinfo)
    assert filters.asked(JobQuery(since=here)).text == 'create_time() >= "2025-12-02T14:00:00Z"'
    # Rounded outwards: what is asked for exactly is compared here.
    assert filters.asked(JobQuery(until=here)).text == 'create_time() < "2025-12-02T14:00:01Z"'


def test_nothing_asked_is_no_filter() -> None:
    assert filters.asked(JobQuery()).text == ""
    assert filters.asked(JobQuery(expression="  ")).text == ""
    # A word that is no member of the enum would be refused.
    assert filters.asked(JobQuery(words=("DONE", "RESTING"))).text == ""


def test_an_expression_stands_as_it_is() -> None:
    assert filters.asked(JobQuery(expression="cancel_time()")).text == "cancel_time()"
    asked = filters.asked(JobQuery("tamr.load", expression="a = 1 OR b = 2"))
    assert asked.text == "(configuration:load) AND (a = 1 OR b = 2)"


@given(IDENTIFIERS, IDENTIFIERS)
def test_every_id_can_be_written(wanted: str, other: str) -> None:
    mine, foreign = (job("j", {"load": {"sourceId": each}}, "2025-12-02T15:00:00Z") for each in (wanted, other))
    condition = filters.on_target(order("load", source=wanted), SINCE)
    assert parsed(condition.text)(mine)
    assert condition.fits(seen_job(mine))
    assert parsed(condition.text)(foreign) is (wanted == other)
    assert condition.fits(seen_job(foreign)) is (wanted == other)


@pytest.mark.parametrize(
    ("state", "created", "kept"),
    [
        ("DONE", "2025-12-02T14:00:00.4Z", True),
        ("DONE", "2025-12-02T13:59:59.9Z", False),
        ("RUNNING", "2025-11-01T00:00:00Z", True),
        ("RESTING", "2025-11-01T00:00:00Z", True),
    ],
)
def test_or_binds_as_it_is_meant(state: str, created: str, kept: bool) -> None:
    holds = parsed(filters.on_target(order("load", source="src_a"), SINCE).text)
    assert holds(job("j", LOAD, created, state=state)) is kept
    assert not holds(job("j", UPDATE, created, state=state))


KINDS = [LOAD, UPDATE, {"update": {"workflowId": "w"}}, {"publish": {"destinationId": "d", "dataProductId": "dp_xyz"}}]
PAYLOADS = [
    job("j", kind, created, state=state, error=error)
    for kind in KINDS
    for created in ("2025-12-02T13:00:00Z", "2025-12-02T14:00:00.5Z", "2025-12-02T14:00:00.6Z")
    for state, error in [
        *((word, None) for word in ("PENDING", "RUNNING", "STOPPING", "DONE", "RESTING")),
        ("DONE", FAILED),
        ("DONE", STOPPED),
    ]
]
QUERIES = st.builds(
    JobQuery,
    operation=st.sampled_from(["", "tamr.load", "tamr.update", "tamr.publish"]),
    settings=st.sampled_from([{}, {"source": "src_a"}, {"data_product": "dp_xyz"}, {"workflow": "w"}]),
    states=st.frozensets(st.sampled_from(JobState), max_size=3),
    since=st.sampled_from([None, SINCE, SINCE + timedelta(days=30)]),
    until=st.sampled_from([None, SINCE, SINCE + timedelta(microseconds=1)]),
    words=st.sampled_from([(), ("done",), ("RUNNING", "PENDING"), ("RESTING",)]),
)


@given(QUERIES)
def test_the_tenant_leaves_out_nothing_that_is_asked_for(query: JobQuery) -> None:
    """The platform's answer holds what matches here, and everything in it could be told from an ignored filter."""
    if query.operation and not query.settings.keys() <= {"data_product"}:
        query = JobQuery(query.operation, states=query.states, since=query.since, until=query.until, words=query.words)
    if query.operation == "tamr.load":
        query = JobQuery(query.operation, states=query.states, since=query.since, until=query.until, words=query.words)
    condition = filters.asked(query)
    answers = parsed(condition.text) if condition.text else lambda shown: True
    for payload in PAYLOADS:
        seen = seen_job(payload)
        if filters.matches(seen, query):
            assert answers(payload), (condition.text, payload)
        if answers(payload):
            assert condition.fits(seen), (condition.text, payload)


@pytest.mark.parametrize(
    ("query", "word", "error", "matching"),
    [
        (JobQuery(states=frozenset({JobState.RUNNING})), "STOPPING", None, True),
        (JobQuery(states=frozenset({JobState.FAILED})), "DONE", FAILED, True),
        (JobQuery(states=frozenset({JobState.FAILED})), "DONE", STOPPED, False),
        (JobQuery(states=frozenset({JobState.STOPPED})), "DONE", STOPPED, True),
        (JobQuery(states=frozenset({JobState.SUCCEEDED})), "DONE", FAILED, False),
        (JobQuery(states=frozenset({JobState.UNKNOWN})), "RESTING", None, True),
        (JobQuery(words=("stopping",)), "STOPPING", None, True),
        (JobQuery(words=("RUNNING",)), "STOPPING", None, False),
        (JobQuery(settings={"source": "src_b"}), "DONE", None, False),
        (JobQuery("tamr.update"), "DONE", None, False),
        (JobQuery(since=SINCE), "DONE", None, True),
        (JobQuery(until=SINCE), "DONE", None, False),
    ],
)
def test_what_matches(query: JobQuery, word: str, error: dict[str, Any] | None, matching: bool) -> None:
    seen = seen_job(job("j", LOAD, "2025-12-02T14:00:00.5Z", state=word, error=error))
    assert filters.matches(seen, query) is matching


def test_a_job_that_tells_no_time_is_not_asked_for_by_time() -> None:
    seen = seen_job({"jobId": "j", "configuration": LOAD})
    assert filters.matches(seen, JobQuery())
    assert not filters.matches(seen, JobQuery(since=SINCE))
    assert not filters.matches(seen, JobQuery(until=SINCE))
