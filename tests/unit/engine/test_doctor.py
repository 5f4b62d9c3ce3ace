"""Examinations run side by side, end in time, and a failure of one is a finding and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Event

from reconcile.core.checkup import Checked, Finding, Verdict, fail, ok, warn
from reconcile.core.errors import Unavailable
from reconcile.engine.doctor import examined, state_check, worst
from reconcile.state.backend import ObjectBackend, open_backend

SOON = 0.3
LATE = 60.0


def fine() -> Iterator[Finding]:
    yield ok("one", "it is there")
    yield ok("two", "it is there, too")


def test_they_run_side_by_side() -> None:
    meeting = Barrier(2, timeout=LATE)

    def meets() -> Iterator[Finding]:
        meeting.wait()
        yield ok("met", "both were here at once")

    found = examined({"a": meets, "b": meets}, LATE, time.monotonic)
    assert [each.subject for each in found] == ["a", "b"]
    assert [each.findings[0].check for each in found] == ["met", "met"]


def test_one_that_does_not_end_keeps_nobody() -> None:
    never = Event()

    def hangs() -> Iterator[Finding]:
        yield ok("one", "it is there")
        never.wait()
        yield ok("two", "nobody hears of it")

    found = examined({"slow": hangs, "quick": fine}, SOON, time.monotonic)
    never.set()
    assert [(each.check, each.verdict) for each in found[0].findings] == [("one", Verdict.OK), ("time", Verdict.FAIL)]
    assert [each.check for each in found[1].findings] == ["one", "two"]


def test_an_error_is_a_finding() -> None:
    def breaks() -> Iterator[Finding]:
        yield ok("one", "it is there")
        raise Unavailable("nobody answers", hint="try again")

    def is_wrong() -> Iterator[Finding]:
        yield ok("one", "it is there")
        raise KeyError("a defect")

    found = examined({"a": breaks, "b": is_wrong}, LATE, time.monotonic)
    assert [(each.check, each.hint) for each in found[0].findings][1] == ("unavailable", "try again")
    assert found[1].findings[1].check == "internal-error"


def test_a_probe_leaves_nothing_behind(tmp_path: Path) -> None:
    backend = open_backend(".reconcile", tmp_path, "prod")
    checks = state_check(lambda: backend, now, probe=True)
    assert {each.check: each.verdict for each in checks()} == dict.fromkeys(
        ("readable", "writable", "lock", "applies"), Verdict.OK
    )
    assert backend.list("probe") == []


def test_without_a_probe_nothing_is_written(tmp_path: Path) -> None:
    found = list(state_check(lambda: open_backend(".reconcile", tmp_path, "prod"), now, probe=False)())
    assert all(each.verdict is Verdict.OK for each in found)
    assert not (tmp_path / ".reconcile").exists()
    elsewhere = open_backend("memory://", tmp_path, "prod")
    assert isinstance(elsewhere, ObjectBackend)
    verdicts = {each.check: each.verdict for each in state_check(lambda: elsewhere, now, probe=False)()}
    assert verdicts["writable"] is Verdict.SKIP


def test_the_worst_counts() -> None:
    assert worst([Checked("a", (ok("x", ""),))]) is Verdict.OK
    assert worst([Checked("a", (ok("x", ""), warn("y", "")))]) is Verdict.WARN
    assert worst([Checked("a", (warn("y", ""),)), Checked("b", (fail("z", ""),))]) is Verdict.FAIL


def now():  # type: ignore[no-untyped-def]
    from datetime import UTC, datetime

    return datetime(2026, 11, 23, tzinfo=UTC)
