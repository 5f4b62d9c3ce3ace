"""What state and journal cost an apply when every call to the place of the state takes 30 ms.

Run: ``python benchmarks/state.py [--rounds 3] [--count 1000]``. Prints Markdown for ``benchmarks/README.md``.

The real program, in processes of its own, against the sandbox at 50 ms a response; only the place of the state is
slowed down: every call to it sleeps first, and is counted.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from main_job import Sandbox, cost, create_recipes, sandbox, workspace

CALLS = ("create", "put", "read", "list", "delete", "written_at")


class Slow:
    """A place for the state, every call to which takes ``seconds`` longer. Notes who waited, and how long."""

    def __init__(self, place: Any, seconds: float) -> None:
        self._place, self._seconds = place, seconds
        self.counts: Counter[str] = Counter()
        self.waited: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._place, name)
        return self._slowed(name, found) if name in CALLS else found

    def _slowed(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def slow(*args: Any) -> Any:
            began = time.perf_counter()
            time.sleep(self._seconds)
            try:
                return call(*args)
            finally:
                # Outcomes are written by the journal's own thread, which nobody waits for.
                who = "beside" if threading.current_thread().name in {"journal", "lock"} else "waited for"
                self.counts[f"{name}, {who}"] += 1
                self.waited[who] += time.perf_counter() - began  # type: ignore[assignment]

        return slow


def child(seconds: float, report: str, arguments: list[str]) -> None:
    """Be the real program with a slow place for the state, and write down what that cost."""
    from reconcile.cli import main, workspace
    from reconcile.state.backend import open_backend

    opened: list[Slow] = []

    def slowed(*args: Any, **named: Any) -> Slow:
        opened.append(Slow(open_backend(*args, **named), seconds))
        return opened[-1]

    vars(workspace)["open_backend"] = slowed
    code = main.run(arguments)
    counts, waited = sum((s.counts for s in opened), Counter()), sum((s.waited for s in opened), Counter())
    Path(report).write_text(json.dumps({"counts": counts, "waited": waited}))
    sys.exit(code)


@dataclass(frozen=True)
class Round:
    """One apply: its wall time, the seconds of it that waited for the state, and the calls."""

    wall: float
    waited: float
    counts: dict[str, int]


def one_apply(folder: Path, running: Sandbox, seconds: float) -> Round:
    """Apply the files in ``folder`` with a place for the state that takes ``seconds`` a call."""
    report = folder / ".report.json"
    argv = [sys.executable, __file__, "--child", str(seconds), str(report), "-C", str(folder), "apply", "--yes"]
    found = cost(argv, running.environment)
    if found.code:
        raise SystemExit(f"apply ended with {found.code}")
    told = json.loads(report.read_text())
    return Round(found.wall, told["waited"].get("waited for", 0.0), told["counts"])


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=1000)
    given = parser.parse_args()
    fast: list[Round] = []
    slow: list[Round] = []
    with sandbox() as running, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        create_recipes(running, given.count)
        workspace(folder, given.count, 2)
        one_apply(folder, running, 0.0)
        running.call("PUT", "/latency", {"seconds": 0.05})
        for turn in range(given.rounds):
            for place, seconds in ((fast, 0.0), (slow, 0.03)):
                workspace(folder, given.count, 3 + 2 * turn + (place is slow))
                place.append(one_apply(folder, running, seconds))
    wall, base = (statistics.median(found.wall for found in rounds) for rounds in (slow, fast))
    waited = statistics.median(found.waited for found in slow)
    print("| apply of 1,000 changes | wall | of it waiting for state and journal |\n|---|---|---|")
    print(f"| state at 0 ms a call | {base:.2f} s | {statistics.median(f.waited for f in fast):.2f} s |")
    print(f"| state at 30 ms a call | {wall:.2f} s ({wall / base:.3f} x) | {waited:.2f} s = {waited / wall:.1%} |")
    print(f"\ncalls to the place of the state: {slow[-1].counts}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(float(sys.argv[2]), sys.argv[3], sys.argv[4:])
    main()
