"""Jobs as text: a table where there is room, blocks where not, and nothing that is cut."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.lapse import readable
from reconcile.core.operation import Job, JobError, JobState, Limit, Node
from reconcile.render.jobs import (
    Placed,
    Screen,
    job_item,
    job_text,
    jobs_document,
    jobs_text,
    limits_document,
    limits_text,
    nodes_document,
    nodes_text,
)

NOW = datetime(2026, 11, 22, 14, 10, tzinfo=UTC)
PIPED = Screen(NOW)
TERMINAL = Screen(NOW, width=80)
LONG = "The data product has a step which could not be planned, because the source it reads from does not exist."
RUN_ID = "20261122-140000-55a185d6-ca56-4bde-88e7-e3f1d1e1fcf1"

LOAD = Placed(
    "tamr",
    Job(
        "job_1",
        "tamr.load",
        "source:src_a",
        JobState.SUCCEEDED,
        "DONE",
        created_at="2026-11-22T14:00:00.250Z",
        started_at="2026-11-22T14:00:01.250Z",
        ended_at="2026-11-22T14:02:06.250Z",
    ),
)
UPDATE = Placed(
    "tamr",
    Job(
        "job_2",
        "tamr.update",
        "data_product:dp_xyz",
        JobState.FAILED,
        "DONE",
        created_at="2026-11-22T14:05:00Z",
        error=JobError("PLANNING_FAILED", LONG),
    ),
)
LAUNCH = Placed(
    "tailer_dev",
    Job(
        RUN_ID,
        "tailer.launch",
        "table-to-table:000099_iowa_liquor_prepare_pda_DEV",
        JobState.RUNNING,
        "RUNNING",
        created_at="2026-11-22T14:00:00Z",
        started_at="2026-11-22T14:00:00Z",
        link="https://studio.example/run",
        facts={"duration": "0:00:10", "a label longer than most": "x"},
    ),
)


def test_piped_there_is_one_line_for_each_job_and_every_word_of_it() -> None:
    """Columns are aligned; grep finds id, target and reason on one line."""
    head, *lines = jobs_text([LAUNCH, UPDATE, LOAD], PIPED).splitlines()
    assert head.split() == ["STATE", "JOB", "CONNECTION", "OPERATION", "TARGET", "CREATED", "(UTC)", "TOOK", "REASON"]
    assert [line.split()[:3] for line in lines] == [
        ["running", RUN_ID, "tailer_dev"],
        ["failed", "job_2", "tamr"],
        ["succeeded", "job_1", "tamr"],
    ]
    assert lines[1].endswith(f"PLANNING_FAILED: {LONG}")
    assert [line.index("2026-11-22 14") for line in lines] == [head.index("CREATED")] * 3
    assert "10 min 0 s" in lines[0]


def test_a_column_with_nothing_in_it_is_left_out() -> None:
    """No reason and no time: neither heading is there."""
    bare = Placed("tamr", Job("job_3", "tamr.load", "source:a", JobState.PENDING, "PENDING"))
    assert jobs_text([bare], PIPED) == (
        "STATE    JOB    CONNECTION  OPERATION  TARGET\npending  job_3  tamr        tamr.load  source:a\n"
    )


def test_a_narrow_terminal_has_blocks_that_fit() -> None:
    """Words are moved to the next line and never broken."""
    text = jobs_text([LAUNCH, UPDATE, LOAD], TERMINAL)
    assert text == (
        "running    tailer.launch table-to-table:000099_iowa_liquor_prepare_pda_DEV\n"
        f"           {RUN_ID} on tailer_dev,\n"
        "           2026-11-22 14:00:00 UTC, for 10 min 0 s\n"
        "failed     tamr.update data_product:dp_xyz\n"
        "           job_2 on tamr, 2026-11-22 14:05:00 UTC\n"
        "           PLANNING_FAILED: The data product has a step which could not be\n"
        "           planned, because the source it reads from does not exist.\n"
        "succeeded  tamr.load source:src_a\n"
        "           job_1 on tamr, 2026-11-22 14:00:00 UTC, took 2 min 5 s\n"
    )
    assert max(map(len, text.splitlines())) <= 80


def test_a_name_longer_than_the_terminal_is_whole() -> None:
    """The terminal breaks the line; we do not cut it."""
    name = "source:" + "x" * 200
    placed = Placed("tamr", Job("job_1", "tamr.load", name, JobState.FAILED, "DONE", error=JobError("R" * 100)))
    text = jobs_text([placed], TERMINAL)
    assert name in text
    assert "R" * 100 in text


def test_a_table_is_shown_where_it_just_fits() -> None:
    """One column less than it needs makes it blocks."""
    width = max(map(len, jobs_text([LOAD], PIPED).splitlines()))
    assert jobs_text([LOAD], Screen(NOW, width)).startswith("STATE")
    assert jobs_text([LOAD], Screen(NOW, width - 1)).startswith("succeeded  tamr.load")


def test_no_jobs_are_told_in_words() -> None:
    """An empty list is a result, too."""
    assert jobs_text([], TERMINAL) == "There are no such jobs.\n"


def test_one_job_in_full() -> None:
    """All that is known, labels first; what is not known has no line."""
    assert job_text(LAUNCH, TERMINAL) == (
        "running    tailer.launch table-to-table:000099_iowa_liquor_prepare_pda_DEV\n"
        f"  job         {RUN_ID} on tailer_dev\n"
        "  state       RUNNING\n"
        "  created     2026-11-22 14:00:00 UTC\n"
        "  started     2026-11-22 14:00:00 UTC\n"
        "  so far      10 min 0 s\n"
        "  link        https://studio.example/run\n"
        "  duration    0:00:10\n"
        "  a label longer than most x\n"
    )


def test_a_long_error_goes_on_below_itself() -> None:
    """In a terminal it is wrapped between words; piped it is one line."""
    assert job_text(UPDATE, TERMINAL).splitlines()[-2:] == [
        "  error       PLANNING_FAILED: The data product has a step which could not be",
        "              planned, because the source it reads from does not exist.",
    ]
    assert job_text(UPDATE, PIPED).splitlines()[-1] == f"  error       PLANNING_FAILED: {LONG}"


def test_a_job_without_an_id_names_its_connection() -> None:
    """A workflow reset leaves nothing to look at."""
    done = Placed("tailer", Job("", "tailer.reset", "workflow:w", JobState.SUCCEEDED, "ok"))
    assert job_text(done, PIPED) == "succeeded  tailer.reset workflow:w\n  connection  tailer\n  state       ok\n"
    assert job_item(done)["id"] is None


def test_colour_is_of_the_state_alone_and_only_when_wanted() -> None:
    """Green for what succeeded; nothing else changes."""
    plain, painted = jobs_text([LOAD], PIPED), jobs_text([LOAD], Screen(NOW, color=True))
    assert "\x1b" not in plain
    assert "\x1b[32msucceeded\x1b[0m  job_1" in painted
    assert "\x1b" not in job_text(LOAD, PIPED)
    assert "\x1b[32msucceeded\x1b[0m" in job_text(LOAD, Screen(NOW, color=True))


def test_control_characters_of_a_platform_are_spelled_out() -> None:
    """No name and no message reaches the terminal as a command to it."""
    job = Job("j\x1b[2J", "tamr.load", "a\nb", JobState.FAILED, "DO\x07NE", error=JobError("x", "y\x1b[1m"))
    for screen in (PIPED, TERMINAL):
        for text in (jobs_text([Placed("tamr", job)], screen), job_text(Placed("tamr", job), screen)):
            assert not [c for c in text if not c.isprintable() and c != "\n"]
            assert "a\\nb" in text


def test_a_job_as_json_has_every_key_always() -> None:
    """What there is none of is null, and facts are as the platform tells them."""
    bare = job_item(Placed("tamr", Job("job_3", "", "", JobState.UNKNOWN, "")))
    assert bare == {
        "id": "job_3",
        "operation": None,
        "state": "unknown",
        "platform_state": None,
        "started_at": None,
        "ended_at": None,
        "error": None,
        "connection": "tamr",
        "target": None,
        "created_at": None,
        "link": None,
        "facts": {},
    }
    assert job_item(UPDATE)["error"] == {"reason": "PLANNING_FAILED", "message": LONG}
    assert job_item(LAUNCH)["facts"] == {"duration": "0:00:10", "a label longer than most": "x"}


def test_documents_have_format_and_diagnostics() -> None:
    """Limits are in a document of jobs only when somebody asked for them."""
    document = jobs_document([LOAD], [Diagnostic("x", "y")])
    assert list(document) == ["format", "jobs", "diagnostics"]
    assert document["format"] == "reconcile.jobs/1"
    assert document["diagnostics"][0]["code"] == "x"
    limit = Limit("runs in 24 h", 12, 60)
    assert jobs_document([], limits=[limit])["limits"] == [{"name": "runs in 24 h", "used": 12, "most": 60}]
    assert limits_document("sales", [limit]) == {
        "format": "reconcile.limits/1",
        "connection": "sales",
        "limits": [{"name": "runs in 24 h", "used": 12, "most": 60}],
        "diagnostics": [],
    }


@pytest.mark.parametrize(
    ("used", "most", "text"),
    [
        (12, 60, "12 of 60"),
        (1200, 60000, "1,200 of 60,000"),
        (12, None, "12"),
        (None, 60, "at most 60"),
        (None, None, "not told"),
    ],
)
def test_limits_as_text(used: int | None, most: int | None, text: str) -> None:
    """What the platform does not tell is not made up."""
    assert limits_text([Limit("runs", used, most)]) == f"runs: {text}\n"


NODES = (
    Node("n1", "Load", "dataset", JobState.SUCCEEDED, "success", "2026-11-22T14:00:00Z", 12.0, None, 11000),
    Node("n2", "Transform", "recipeTransforms", JobState.FAILED, "error", None, None, 11000, None, LONG),
)


def test_nodes_as_table_and_as_blocks() -> None:
    """The message of a node that failed is there whole, both times."""
    head, first, second = nodes_text(NODES, PIPED).splitlines()
    assert head.split("  ")[0] == "STATE"
    assert first.split() == ["succeeded", "Load", "dataset", "2026-11-22", "14:00:00", "12", "s", "-", "11,000", "n1"]
    assert second.endswith(LONG)
    assert nodes_text(NODES, TERMINAL) == (
        "succeeded  Load (dataset)\n"
        "           n1, 2026-11-22 14:00:00 UTC, took 12 s, 11,000 rows out\n"
        "failed     Transform (recipeTransforms)\n"
        "           n2, 11,000 rows in\n"
        "           The data product has a step which could not be planned, because the\n"
        "           source it reads from does not exist.\n"
    )
    assert nodes_text((), PIPED) == "The platform shows no parts of this job.\n"


def test_nodes_as_json() -> None:
    """Counts that are not told are null."""
    document = nodes_document("sales", "0eP1", NODES)
    assert (document["format"], document["connection"], document["job"]) == ("reconcile.nodes/1", "sales", "0eP1")
    assert document["nodes"][1] == {
        "id": "n2",
        "name": "Transform",
        "type": "recipeTransforms",
        "state": "failed",
        "platform_state": "error",
        "started_at": None,
        "seconds": None,
        "rows_in": 11000,
        "rows_out": None,
        "message": LONG,
    }
    assert document["diagnostics"] == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (31, "31 s"),
        (119.4, "119 s"),
        (125, "2 min 5 s"),
        (10800, "3 h 0 min"),
    ],
)
def test_how_long_it_took(seconds: float, text: str) -> None:
    """Two units at most."""
    assert readable(seconds) == text
