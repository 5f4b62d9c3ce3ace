"""Tamr's job payloads: outcome, times in any order, lenience, and orders there and back."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tamr_tenant import LOAD, UPDATE, job, order

from reconcile.core.operation import JobError, JobState, Order
from reconcile.providers.tamr.convert import configuration_of, seen_job

STOPPED = {"reason": "STOPPED_BY_USER", "message": "The job was stopped by a user."}
PLANNING = {"reason": "PLANNING_FAILED", "message": "no such source"}

# Platform page 1.3.
EXAMPLE: dict[str, Any] = {
    "jobId": "job_0a1b2c3d4e5f6a7b",
    "configuration": {"update": {"dataProductId": "dp_xyz", "workflowId": ""}},
    "status": {"state": "RUNNING", "stateStartTime": "2025-12-02T14:40:07.311Z", "error": None},
    "statusHistory": [{"state": "PENDING", "stateStartTime": "2025-12-02T14:40:00.100Z", "error": None}],
}
PATH = [
    {"state": "PENDING", "stateStartTime": "2025-12-02T14:40:00.1Z"},
    {"state": "RUNNING", "stateStartTime": "2025-12-02T14:40:07Z"},
    {"state": "STOPPING", "stateStartTime": "2025-12-02T15:00:00.123456789Z"},
]


def with_status(**status: Any) -> dict[str, Any]:
    return {"jobId": "j", "configuration": LOAD, "status": status}


def test_the_documented_example() -> None:
    seen = seen_job(EXAMPLE).job
    assert (seen.id, seen.operation, seen.target) == ("job_0a1b2c3d4e5f6a7b", "tamr.update", "data_product:dp_xyz")
    assert (seen.state, seen.platform_state, seen.error) == (JobState.RUNNING, "RUNNING", None)
    assert seen.created_at == "2025-12-02T14:40:00.100Z"
    assert seen.started_at == "2025-12-02T14:40:07.311Z"
    assert (seen.ended_at, seen.link, seen.facts) == (None, "", {})


@pytest.mark.parametrize(
    ("word", "error", "state"),
    [
        ("PENDING", None, JobState.PENDING),
        ("RUNNING", None, JobState.RUNNING),
        ("STOPPING", None, JobState.RUNNING),
        ("DONE", None, JobState.SUCCEEDED),
        ("DONE", {}, JobState.SUCCEEDED),
        ("DONE", STOPPED, JobState.STOPPED),
        ("DONE", PLANNING, JobState.FAILED),
        ("DONE", {"reason": "NEVER_SEEN"}, JobState.FAILED),
        ("DONE", {"message": "no reason"}, JobState.FAILED),
        ("DONE", {"other": 1}, JobState.FAILED),
        ("DONE", "just text", JobState.FAILED),
        ("RESTING", None, JobState.UNKNOWN),
        ("STATE_UNSPECIFIED", None, JobState.UNKNOWN),
        # Whatever it is called, an error means that the job is over ...
        ("ABORTED", PLANNING, JobState.FAILED),
        ("CANCELLED", STOPPED, JobState.STOPPED),
        # ... but not against a word that says it goes on: DONE follows.
        ("STOPPING", STOPPED, JobState.RUNNING),
        ("RUNNING", PLANNING, JobState.RUNNING),
    ],
)
def test_the_outcome_is_in_the_error(word: str, error: Any, state: JobState) -> None:
    seen = seen_job(with_status(state=word, stateStartTime="2025-12-02T14:40:07Z", error=error)).job
    assert (seen.state, seen.platform_state) == (state, word)
    assert (seen.ended_at is not None) is seen.is_over
    assert (seen.error is None) is (not error)


@pytest.mark.parametrize("missing", [{}, {"state": None}, {"state": ""}])
def test_no_state_is_unknown(missing: dict[str, Any]) -> None:
    for status in (missing, {**missing, "error": None}):
        seen = seen_job(with_status(**status)).job
        assert (seen.state, seen.platform_state, seen.is_over) == (JobState.UNKNOWN, "", False)
    assert seen_job({"jobId": "j", "status": None}).job.state is JobState.UNKNOWN


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PLANNING, JobError("PLANNING_FAILED", "no such source")),
        ({"reason": "R"}, JobError("R")),
        ({"message": "m", "reason": ""}, JobError("", "m")),
        ({"code": 5}, JobError("", '{"code": 5}')),
        ("text", JobError("", "text")),
        ({"reason": "R", "message": "a\x1b[31m\nb"}, JobError("R", "a [31m b")),
    ],
)
def test_reason_and_message_are_kept(error: Any, expected: JobError) -> None:
    assert seen_job(with_status(state="DONE", error=error)).job.error == expected


@pytest.mark.parametrize("history", list(permutations(PATH)))
def test_the_order_of_the_history_does_not_matter(history: list[Any]) -> None:
    done = {"state": "DONE", "stateStartTime": "2025-12-02T15:00:01+00:00", "error": STOPPED}
    seen = seen_job({"jobId": "j", "status": done, "statusHistory": list(history)}).job
    assert seen.created_at == "2025-12-02T14:40:00.100Z"
    assert seen.started_at == "2025-12-02T14:40:07.000Z"
    assert seen.ended_at == "2025-12-02T15:00:01.000Z"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2025-12-02T14:40:07Z", "2025-12-02T14:40:07.000Z"),
        *((f"2025-12-02T14:40:07.{'987654321'[:n]}Z", f"2025-12-02T14:40:07.{'987'[:n]:0<3}Z") for n in range(1, 10)),
        ("2025-12-02t14:40:07.3z", "2025-12-02T14:40:07.300Z"),
        ("2025-12-02T16:40:07+02:00", "2025-12-02T14:40:07.000Z"),
        ("2025-12-02T14:40:07", "2025-12-02T14:40:07.000Z"),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("1970-01-01T00:00:00Z", None),
        ("soon", None),
        ("", None),
        (17, None),
        (None, None),
    ],
)
def test_times(text: object, shown: str | None) -> None:
    seen = seen_job(with_status(state="PENDING", stateStartTime=text)).job
    assert seen.created_at == shown


def test_a_job_that_never_ran_has_no_start() -> None:
    payload = job("j", LOAD, "2025-12-02T14:40:07Z", error=STOPPED)
    seen = seen_job(payload).job
    assert (seen.state, seen.started_at, seen.ended_at) == (JobState.STOPPED, None, "2025-12-02T14:40:07.000Z")


@pytest.mark.parametrize("payload", [None, [], "job", {}, {"jobId": ""}, {"jobId": None}, {"jobId": 7}])
def test_a_job_without_an_id_is_none(payload: object) -> None:
    with pytest.raises(ValueError, match="jobId"):
        seen_job(payload)


@pytest.mark.parametrize(
    "strange",
    [
        {"statusHistory": None},
        {"statusHistory": "x"},
        {"statusHistory": [None, 3, {}, {"state": 4}]},
        {"status": []},
        {"configuration": None},
        {"configuration": {"load": None}},
        {"configuration": {"load": {"sourceId": 7}}},
        {"configuration": {"load": {"sourceId": "  "}}},
        {"configuration": {"publish": {"dataProductId": "dp"}}},
        {"configuration": {"load": {"sourceId": "a"}, "update": {"dataProductId": "b"}}},
        {"configuration": {"export": {"tableId": "t"}}},
    ],
)
def test_what_is_strange_or_missing_is_borne(strange: dict[str, Any]) -> None:
    seen = seen_job({"jobId": "j", "statusHistory": [], "new": {"field": 1}, **strange})
    assert (seen.job.id, seen.job.target, seen.order, seen.job.created_at) == ("j", "", None, None)


def test_an_unknown_type_is_nobodys_operation() -> None:
    seen = seen_job({"jobId": "j", "configuration": {"export": {"sourceId": "src_a"}}})
    assert (seen.job.operation, seen.job.target, seen.job.facts) == ("", "", {"type": "export"})
    assert seen_job({"jobId": "j"}).job.operation == ""


def test_snake_case_is_understood() -> None:
    seen = seen_job(
        {
            "job_id": "j",
            "configuration": {"publish": {"destination_id": "Test 123", "data_product_id": "dp"}},
            "status": {"state": "RUNNING", "state_start_time": "2025-12-02T14:40:07Z"},
            "status_history": [{"state": "PENDING", "state_start_time": "2025-12-02T14:40:00Z"}],
        }
    ).job
    assert (seen.id, seen.target, seen.created_at) == ("j", "destination:dp/Test 123", "2025-12-02T14:40:00.000Z")


# Platform page 1.4: filled ids, the others there but empty, and what starts such a job.
MATRIX: list[tuple[dict[str, Any], Order]] = [
    ({"load": {"sourceId": "src_a", "sourceDisplayName": "CRM"}}, order("load", source="src_a")),
    ({"update": {"dataProductId": "dp", "workflowId": ""}}, order("update", data_product="dp")),
    ({"update": {"workflowId": "flow", "dataProductId": ""}}, order("update", workflow="flow")),
    ({"update": {"workflowId": "flow", "dataProductId": "dp"}}, order("update", workflow="flow")),
    (
        {"publish": {"dataProductId": "dp", "destinationId": "Test 123", "destinationDisplayName": ""}},
        order("publish", destination="Test 123", data_product="dp"),
    ),
    ({"publish": {"destinationId": "dest", "dataProductId": ""}}, order("publish", destination="dest")),
    ({"load": None, "update": {}, "publish": {"destinationId": "dest"}}, order("publish", destination="dest")),
]


@pytest.mark.parametrize(("configuration", "expected"), MATRIX)
def test_empty_ids_are_absent(configuration: dict[str, Any], expected: Order) -> None:
    seen = seen_job({"jobId": "j", "configuration": configuration})
    assert seen.order == expected
    assert (seen.job.operation, seen.job.target) == (expected.operation, expected.target)


def test_display_names_are_facts() -> None:
    ids = {
        "dataProductId": "dp",
        "dataProductDisplayName": "Customers",
        "destinationId": "d",
        "destinationDisplayName": "",
    }
    seen = seen_job({"jobId": "j", "configuration": {"publish": ids}})
    assert seen.job.facts == {"data product name": "Customers"}


IDENTIFIERS = st.text(min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
ORDERS = st.one_of(
    st.builds(lambda a: order("load", source=a), IDENTIFIERS),
    st.builds(lambda a: order("update", data_product=a), IDENTIFIERS),
    st.builds(lambda a: order("update", workflow=a), IDENTIFIERS),
    st.builds(lambda a: order("publish", destination=a), IDENTIFIERS),
    st.builds(lambda a, b: order("publish", destination=a, data_product=b), IDENTIFIERS, IDENTIFIERS),
)


@given(ORDERS)
def test_what_is_asked_for_is_recognised(wanted: Order) -> None:
    seen = seen_job({"jobId": "j", "configuration": configuration_of(wanted)})
    assert seen.order == wanted
    assert seen.does(wanted)
    assert (seen.job.operation, seen.job.target) == (wanted.operation, wanted.target)


@given(ORDERS, ORDERS)
def test_other_work_is_not_taken_for_ours(one: Order, other: Order) -> None:
    seen = seen_job({"jobId": "j", "configuration": configuration_of(one)})
    by_id_alone = other.operation == "tamr.publish" and one.settings.get("destination") == other.settings.get(
        "destination"
    )
    if one != other and not by_id_alone:
        assert not seen.does(other)


def test_a_destination_asked_for_by_id_alone_is_known_by_it() -> None:
    seen = seen_job({"jobId": "j", "configuration": {"publish": {"destinationId": "dest", "dataProductId": "dp"}}})
    assert seen.does(order("publish", destination="dest"))
    assert seen.as_ordered(order("publish", destination="dest")).target == "destination:dest"
    assert not seen.does(order("publish", destination="dest", data_product="other"))
    assert seen.as_ordered(order("update", data_product="dp")).target == "destination:dp/dest"


def test_bodies_of_create() -> None:
    assert configuration_of(order("load", source="src_a")) == LOAD
    assert configuration_of(order("update", data_product="dp_xyz")) == UPDATE
    assert configuration_of(order("update", workflow="flow")) == {"update": {"workflowId": "flow"}}
    assert configuration_of(order("publish", destination="Test 123", data_product="dp")) == {
        "publish": {"destinationId": "Test 123", "dataProductId": "dp"}
    }
