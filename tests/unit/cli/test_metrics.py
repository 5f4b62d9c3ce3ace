"""Numbers for Prometheus: as its own parser reads them, and in a file that a collector can read at any moment."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reconcile.cli import metrics as of
from reconcile.cli import metrics_file
from reconcile.cli.measure import Counting
from reconcile.cli.metrics import MEANINGS, Meter
from reconcile.cli.metrics_file import write_metrics
from reconcile.core.trace import UNTRACED


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return the values by name and the labels' values, which come in the order of the labels' names."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_values_as_prometheus_reads_them() -> None:
    """Labels with quotes, line breaks and backslashes come back as they were; counters end in _total, no more."""
    meter = Meter()
    meter.put_all(of.DRIFT, {('we"ird\n\\name', "platform"): 3.0, ("sales", "both"): 0.0})
    meter.count(of.ROUNDS, 1, "failed")
    meter.count(of.ROUNDS, 1, "failed")
    found = samples(meter.text())
    assert found["reconcile_drift_objects", ("platform", 'we"ird\n\\name')] == 3
    assert found["reconcile_drift_objects", ("both", "sales")] == 0
    assert found["reconcile_rounds_total", ("failed",)] == 2
    assert not [name for name, _ in found if name.endswith("_created")]


def test_put_all_forgets_what_was_before() -> None:
    meter = Meter()
    meter.put_all(of.DRIFT, {("gone", "both"): 1.0})
    meter.put_all(of.DRIFT, {("sales", "both"): 1.0})
    assert "gone" not in meter.text()


def test_meters_know_nothing_of_each_other() -> None:
    one, other = Meter(), Meter()
    one.count(of.ROUNDS, 1, "drift")
    assert other.value(of.ROUNDS, "drift") is None
    assert "rounds" not in other.text()


def test_names_are_as_prometheus_wants_them() -> None:
    """Unique, with one prefix; `_total` is added to counters by the format, and seconds are called so."""
    names = [meaning.name for meaning in MEANINGS]
    assert len(set(names)) == len(names)
    assert all(name.startswith("reconcile_") and not name.endswith("_total") for name in names)


def test_calls_are_counted_by_connection_and_status() -> None:
    """A call without an answer counts as none; spans that are no calls do not count."""
    meter = Meter()
    tracer = Counting(meter, UNTRACED)
    with tracer.span("plan"):
        pass
    with tracer.span("GET /x", {"reconcile.connection": "sales"}, calls_out=True) as span:
        span.set("http.response.status_code", 200)
        span.set("http.request.resend_count", 2)
    with (
        pytest.raises(OSError, match="cut"),
        tracer.span("GET /x", {"reconcile.connection": "sales"}, calls_out=True),
    ):
        raise OSError("cut")
    assert meter.value(of.REQUESTS, "sales", "200") == 1
    assert meter.value(of.REQUESTS, "sales", "none") == 1
    assert meter.value(of.RETRIES, "sales") == 2
    assert meter.value(of.REQUESTS, "", "none") is None


def test_the_file_is_whole_and_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "reconcile.prom"
    meter = Meter()
    meter.put(of.PENDING, 7)
    write_metrics(path, meter)
    assert samples(path.read_text())["reconcile_pending_changes", ()] == 7
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_does_not_hide_when_it_last_went_well(tmp_path: Path) -> None:
    """A new process that fails keeps the time of the last success of the one before."""
    path = tmp_path / "reconcile.prom"
    path.write_text("reconcile_last_success_timestamp_seconds nonsense\n")
    write_metrics(path, Meter())
    assert "last_success" not in path.read_text()
    good = Meter()
    good.put(of.SUCCESS_AT, 1_790_000_000.5)
    write_metrics(path, good)
    write_metrics(path, Meter())
    assert samples(path.read_text())["reconcile_last_success_timestamp_seconds", ()] == 1_790_000_000.5


def test_what_was_there_stays_when_it_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "reconcile.prom"
    path.write_text("before\n")
    path.unlink()
    path.mkdir()
    with pytest.raises(OSError, match=r"[Ii]s a directory|exists"):
        write_metrics(path, Meter())
    assert list(tmp_path.iterdir()) == [path]
    assert metrics_file._last_success(path) is None
