"""What ``--alert`` costs a check that has nothing to say.

Run: ``python benchmarks/alerts.py [--rounds 200]``. Prints Markdown for ``benchmarks/README.md``.

In one process, ``engine.alerting.alert`` alone, on what a real look found: the time is what it adds to a check. The
places for the state are a folder as it is, and the same with every call 20 ms slower, as a cloud's may be.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconcile.alerts.send import Ways
from reconcile.core.address import Address
from reconcile.core.alert import Alerting, StdoutSink
from reconcile.core.diff import FieldChange
from reconcile.core.drift import Drift, Why
from reconcile.core.plan import Base, Plan
from reconcile.core.redact import Redactor
from reconcile.core.snapshot import Live, Recorded
from reconcile.engine.alerting import alert
from reconcile.engine.check import Checked
from reconcile.engine.events import unheard
from reconcile.engine.link import Outside
from reconcile.engine.place import Place
from reconcile.engine.planning import Basis, Planned
from reconcile.state.backend import open_backend
from reconcile.state.format import Origin, State

NOW = "2026-11-23T12:00:00Z"
CALLS = ("create", "read", "list", "delete")


class Slow:
    """A place for the state, every call to which takes ``seconds`` longer, and is counted."""

    def __init__(self, place: Any, seconds: float) -> None:
        self._place, self._seconds, self.calls = place, seconds, 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._place, name)
        if name not in CALLS:
            return found

        def slow(*arguments: Any) -> Any:
            self.calls += 1
            time.sleep(self._seconds)
            return found(*arguments)

        return slow


def place_in(folder: Path, seconds: float) -> Place:
    backend = Slow(open_backend(".reconcile", folder, "default"), seconds)
    origin = Origin("1", NOW, "me", "here", "benchmark")
    place = Place("default", {}, {}, backend, None, Outside(unheard, Redactor(), {}), origin, time.monotonic)  # type: ignore[arg-type]
    return replace(place, alerts=Alerting((StdoutSink("out"),)))


def found(objects: int, drifted: int) -> Checked:
    """Return a look at so many objects, some of which drifted."""
    addresses = [Address("sales", "schedule", f"recipe:R{number:05}") for number in range(objects)]
    recorded = {address: Recorded(address, {"time": "01:00"}, NOW) for address in addresses}
    live: Any = {address: Live(address, {"time": "01:00"}) for address in addresses}
    change = (FieldChange("time", "01:00", "09:00"),)
    drift = tuple(Drift(address, Why.DRIFT, change, None, NOW) for address in addresses[:drifted])
    plan = Plan("1", NOW, "default", Base("", 0), (), (), (), ())
    planned = Planned(plan, Basis(State(), recorded), live)
    return Checked(planned, drift, (), (), objects, 0, (), (), NOW)


def measured(look: Checked, seconds: float, rounds: int) -> tuple[float, float, float]:
    """Return median and worst milliseconds, and calls to the place, of a round in which there is nothing to say."""
    with tempfile.TemporaryDirectory() as folder:
        place, ways = place_in(Path(folder), seconds), Ways(lambda text: None)
        alert(place, look, ways)
        backend: Any = place.backend
        backend.calls, times = 0, []
        for _ in range(rounds):
            began = time.perf_counter()
            alert(place, look, ways)
            times.append((time.perf_counter() - began) * 1000)
        return statistics.median(times), max(times), backend.calls / rounds


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    print("| objects | drifted, told before | a call to the state's place | median | worst | calls |")
    print("|---|---|---|---|---|---|")
    for objects, drifted in ((1_000, 0), (1_000, 10), (10_000, 1_000)):
        for seconds in (0.0, 0.02):
            median, worst, calls = measured(found(objects, drifted), seconds, rounds if not seconds else rounds // 4)
            extra = f"{seconds * 1000:.0f} ms slower" if seconds else "a folder"
            print(f"| {objects:,} | {drifted:,} | {extra} | {median:.1f} ms | {worst:.1f} ms | {calls:.0f} |")


if __name__ == "__main__":
    main()
