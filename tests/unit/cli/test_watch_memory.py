"""Ten thousand rounds leave nothing behind: the real loop, the real telling, a look that costs nothing."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from reconcile.cli.border import border
from reconcile.cli.drift_rounds import Rounds
from reconcile.cli.main import cli
from reconcile.cli.options import current
from reconcile.cli.progress import Progress
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.errors import StateError
from reconcile.engine.watching import Look, Pace, watch

ROUNDS = 10_000
WARM_UP = 1_000
# What one object of a hundred bytes a round would add is a megabyte.
MOST_GROWTH = 50_000


class Cheap(Rounds):
    """Rounds that find another thing each time, bring a secret of their own, and fail now and then."""

    count = 0

    def _looked(self, progress: Progress) -> Look:
        self.count += 1
        border().redactor.add(f"token-of-round-{self.count}")
        told = Diagnostic("some-code", "Something", f"round {self.count}", severity=Severity.WARNING)
        if self.count % 7 == 0:
            raise StateError(told)
        if self.count % 11 == 0:
            raise ValueError("a defect")
        return Look(None, diagnostics=(told,))


@pytest.fixture
def _command(tmp_path: Path) -> Iterator[None]:
    with click.Context(cli, info_name="reconcile"):
        yield


@pytest.mark.usefixtures("_command")
def test_nothing_grows_with_rounds(capfd: pytest.CaptureFixture[str]) -> None:
    sizes: list[tuple[int, int]] = []
    time = 0.0

    def wait(seconds: float) -> bool:
        nonlocal time
        time += seconds
        if rounds.count in (WARM_UP, ROUNDS - 1):
            capfd.readouterr()
            gc.collect()
            sizes.append((tracemalloc.get_traced_memory()[0], len(gc.get_objects())))
        elif rounds.count % 500 == 0:
            capfd.readouterr()
        return False

    pace = Pace(900, lambda: time, wait)
    rounds = Cheap(current(), pace)
    # What the other tests of this process left is not looked at again in every round.
    gc.collect()
    gc.freeze()
    tracemalloc.start()
    try:
        watch(rounds, pace, ROUNDS)
    finally:
        tracemalloc.stop()
        gc.unfreeze()
    (bytes_then, objects_then), (bytes_now, objects_now) = sizes
    assert rounds.count == ROUNDS
    assert bytes_now - bytes_then < MOST_GROWTH
    assert objects_now - objects_then < 100
