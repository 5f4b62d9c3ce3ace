"""Rows of Tailer to jobs: the documented samples, every status, and everything that is odd or absent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from reconcile.core.operation import Job, JobError, JobState
from reconcile.providers.tailer.convert import (
    Unintelligible,
    age,
    created_at,
    earliest,
    from_row,
    is_elsewhere,
    job_id,
)
from reconcile.providers.tailer.kinds import Connection

ACCOUNT = Connection.model_validate(
    {
        "provider": "tailer",
        "account": "000099",
        "environment": "DEV",
        "auth": {"method": "token", "token": "header.payload.signature"},
    }
)
UUID = "0a795c70-2557-4a60-ba16-788aa2bea179"

# Reference page "API features": the answer to check_run_status, and the first row for a storage-to-storage.
RUN: dict[str, Any] = {
    "account": "000099",
    "configuration_id": "000099_iowa_liquor_prepare_pda_DEV",
    "configuration_type": "table-to-table",
    "duration": "0:01:24.002519",
    "environment": "DEV",
    "job_id": "gbq-to-gbq|000099_iowa_liquor_prepare_pda_DEV",
    "last_update_date": "2020-12-30T11:30:07.960767+00:00",
    "run_id": f"20201230-112837-{UUID}",
    "start_execution_date": "2020-12-30T11:28:43.861340+00:00",
    "status": "SUCCESS",
}
FILE_RUN: dict[str, Any] = {
    "account": "000099",
    "configuration_id": "000099-jarvis-demo-iowa-liquor-storage-to-storage",
    "configuration_type": "storage-to-storage",
    "duration": "0:00:03.885654",
    "environment": "DEV",
    "job_id": "storage-to-storage|000099|000099-jarvis-demo-iowa-liquor-storage-to-storage|DEV|"
    "stores-{{FD_DATE}}-{{FD_TIME}}.csv",
    "run_id": "20201209-cf026ae9-c79c-4cf9-8ffb-0bb63ad39469",
    "start_execution_date": "2020-12-09T17:17:23+00:00",
    "status": "SUCCESS",
}


def row(**changes: Any) -> dict[str, Any]:
    """Return the sample with changes; None leaves a key out."""
    return {name: value for name, value in {**RUN, **changes}.items() if value is not None}


def test_the_documented_run() -> None:
    """Creation is the time in the id, the end is start plus duration: the last update came a moment later."""
    assert from_row(RUN) == Job(
        id=f"20201230-112837-{UUID}",
        operation="tailer.launch",
        target="table-to-table:000099_iowa_liquor_prepare_pda_DEV",
        state=JobState.SUCCEEDED,
        platform_state="SUCCESS",
        created_at="2020-12-30T11:28:37Z",
        started_at="2020-12-30T11:28:43.861340Z",
        ended_at="2020-12-30T11:30:07.863859Z",
        facts={
            "duration": "0:01:24.002519",
            "job id": "gbq-to-gbq|000099_iowa_liquor_prepare_pda_DEV",
            "last update": "2020-12-30T11:30:07.960767Z",
        },
    )


def test_the_documented_run_of_a_file() -> None:
    """No update, no time in the id, no fraction in the start, and no operation of ours; the template stays whole."""
    job = from_row(FILE_RUN)
    assert (job.operation, job.target) == ("", f"storage-to-storage:{FILE_RUN['configuration_id']}")
    assert job.created_at == job.started_at == "2020-12-09T17:17:23Z"
    assert job.ended_at == "2020-12-09T17:17:26.885654Z"
    assert job.facts["job id"].endswith("stores-{{FD_DATE}}-{{FD_TIME}}.csv")


STATES = {
    "WAITING": (JobState.PENDING, None),
    "RUNNING": (JobState.RUNNING, None),
    "SUCCESS": (JobState.SUCCEEDED, None),
    "NO_MATCH": (JobState.SUCCEEDED, None),
    "FAILED": (JobState.FAILED, JobError("FAILED")),
    "CHECKED": (
        JobState.FAILED,
        JobError("CHECKED", "the run failed, and somebody marked it as dealt with", by_hand=True),
    ),
    "DEACTIVATED": (JobState.FAILED, JobError("DEACTIVATED", "the data operation is switched off")),
    "PAUSED": (JobState.UNKNOWN, None),
    "": (JobState.UNKNOWN, None),
}


@pytest.mark.parametrize("word", STATES)
def test_every_status(word: str) -> None:
    """Platform page 2.1, 2.2: a new word is no end; what is not over has no end."""
    job = from_row(row(status=word))
    assert (job.state, job.error) == STATES[word]
    assert job.platform_state == word
    assert (job.ended_at is not None) == job.is_over
    assert ("note" in job.facts) == (word == "NO_MATCH")


def test_a_status_in_another_spelling_is_the_same_word() -> None:
    """The word is shown as the platform wrote it."""
    job = from_row(row(status="Failed"))
    assert (job.state, job.platform_state, job.error) == (JobState.FAILED, "Failed", JobError("FAILED"))


@pytest.mark.parametrize(
    ("name", "target", "operation"),
    [
        ("gbq-to-gbq", "table-to-table:x", "tailer.launch"),
        ("table-to-storage", "table-to-storage:x", "tailer.launch"),
        ("gbq-to-gcs", "table-to-storage:x", "tailer.launch"),
        ("storage-to-table", "storage-to-tables:x", ""),
        ("vm-launcher", "vm-launcher:x", ""),
        ("something-new", "something-new:x", ""),
        (None, "", ""),
    ],
)
def test_internal_names_are_the_documented_types(name: str | None, target: str, operation: str) -> None:
    """Platform page 1.1, 1.5: the same thing has two names in the samples."""
    job = from_row(row(configuration_type=name, configuration_id="x"))
    assert (job.target, job.operation) == (target, operation)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-12-30T11:28:43+00:00", "2020-12-30T11:28:43Z"),
        ("2020-12-30T11:28:43.5Z", "2020-12-30T11:28:43.500000Z"),
        ("2020-12-30T11:28:43", "2020-12-30T11:28:43Z"),
        ("2020-12-30T12:28:43.861340+01:00", "2020-12-30T11:28:43.861340Z"),
        ("2020-12-30 11:28:43", "2020-12-30T11:28:43Z"),
        ("0001-01-01T00:00:00+14:00", None),
        ("2020/12/30", None),
        ("soon", None),
        ("", None),
        (17, None),
        (None, None),
    ],
)
def test_starts(text: Any, expected: str | None) -> None:
    """UTC whatever was written; what is no time is left out, and the id's time remains."""
    job = from_row(row(start_execution_date=text))
    assert (job.started_at, job.created_at) == (expected, "2020-12-30T11:28:37Z")


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("0:00:00", "2020-12-30T10:00:00Z"),
        ("0:01:24", "2020-12-30T10:01:24Z"),
        ("13:59:59.999999", "2020-12-30T23:59:59.999999Z"),
        ("1 day, 2:03:04", "2020-12-31T12:03:04Z"),
        ("400 days, 0:00:00.5", "2022-02-03T10:00:00.500000Z"),
        ("999999999 days, 0:00:00", "2020-12-30T11:30:07.960767Z"),
        ("99999999999 days, 0:00:00", "2020-12-30T11:30:07.960767Z"),
        ("84 s", "2020-12-30T11:30:07.960767Z"),
        (84, "2020-12-30T11:30:07.960767Z"),
        (None, "2020-12-30T11:30:07.960767Z"),
    ],
)
def test_ends(duration: Any, expected: str) -> None:
    """Start plus Python's spelling of a duration; where that makes no sense, the last update."""
    assert from_row(row(start_execution_date="2020-12-30T10:00:00+00:00", duration=duration)).ended_at == expected


def test_an_end_that_nobody_tells() -> None:
    """It is over all the same."""
    job = from_row(row(duration=None, last_update_date=None))
    assert (job.state, job.ended_at) == (JobState.SUCCEEDED, None)
    assert list(job.facts) == ["job id"]


def test_the_least_that_is_a_run() -> None:
    """An id is enough; nothing is invented."""
    assert from_row({"run_id": "x"}) == Job("x", "", "", JobState.UNKNOWN, "")


@pytest.mark.parametrize("wrong", [None, "x", [], {}, {"run_id": ""}, {"run_id": 7}, {"status": "SUCCESS"}])
def test_what_is_no_run(wrong: Any) -> None:
    """Better no answer than a wrong one."""
    with pytest.raises(Unintelligible):
        from_row(wrong)


def test_words_of_the_platform_are_fit_to_show() -> None:
    """An escape sequence must not reach a terminal."""
    job = from_row(row(status="RUN\x1b[31mNING", duration="a\nb", execution_date="2026-11-22"))
    assert job.platform_state == "RUN [31mNING"
    assert (job.facts["duration"], job.facts["execution date"]) == ("a b", "2026-11-22")


@pytest.mark.parametrize(
    ("run_id", "expected"),
    [
        (f"20201230-113940-{UUID}", "2020-12-30T11:39:40Z"),
        (f"20201209-{UUID}", None),
        (f"20201399-113940-{UUID}", None),
        ("manual", None),
    ],
)
def test_the_time_in_a_run_id(run_id: str, expected: str | None) -> None:
    """Platform page 2.5: launched runs carry seconds, runs of files a day."""
    assert created_at(run_id) == expected


def test_the_earliest_beginning() -> None:
    """A day without a zone may have begun the day before; an id without a day tells nothing."""
    assert earliest(f"20201230-113940-{UUID}") == datetime(2020, 12, 30, 11, 39, 40, tzinfo=UTC)
    assert earliest(f"20201209-{UUID}") == datetime(2020, 12, 8, tzinfo=UTC)
    assert earliest("manual") is None


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("table-to-table", "gbq-to-gbq|x"),
        ("gbq-to-gbq", "gbq-to-gbq|x"),
        ("table-to-storage", "table-to-storage|table-to-storage|x"),
        ("vm-launcher", "vm-launcher|000099|x|DEV"),
        ("storage-to-storage", None),
        ("storage-to-tables", None),
        ("workflow", None),
    ],
)
def test_job_ids(type_: str, expected: str | None) -> None:
    """Platform page 2.5; where a file name belongs to it, it cannot be derived."""
    assert job_id(ACCOUNT, type_, "x") == expected


def test_rows_of_other_environments_are_told_apart() -> None:
    """A row that does not say is ours: we asked for ours."""
    assert is_elsewhere(row(environment="PROD"), ACCOUNT)
    assert is_elsewhere(row(account="000001"), ACCOUNT)
    assert not is_elsewhere(RUN, ACCOUNT)
    assert not is_elsewhere({"run_id": "x"}, ACCOUNT)
    assert not is_elsewhere("x", ACCOUNT)


def test_ages_compare() -> None:
    """Fractions do not confuse the order, and what has no time is older than everything."""
    whole, half, none = (
        from_row({"run_id": "x", "start_execution_date": text})
        for text in ("2020-12-30T11:28:43+00:00", "2020-12-30T11:28:43.5+00:00", None)
    )
    assert age(none) < age(whole) < age(half)
    assert age(from_row(RUN)) == datetime(2020, 12, 30, 11, 28, 37, tzinfo=UTC), "the id's time, not the start"
