"""The line that moves while jobs are watched."""

from __future__ import annotations

from reconcile.cli.progress import Watched
from reconcile.engine.events import StepMoved


def test_the_line_tells_state_time_and_link_of_what_goes_on() -> None:
    """The longest first; what is over is only counted."""
    watched = Watched()
    watched.begin(0, 3)
    watched.move(StepMoved("a", "tamr.load", "running", "RUNNING", "j1", seconds=5.0), 100.0)
    watched.move(StepMoved("b", "tamr.load", "pending", job="j2", link="https://x.example/j2", seconds=65.0), 100.0)
    assert watched.line(160.0) == "0/3 done  b pending 2 min 5 s https://x.example/j2  a RUNNING 65 s"
    watched.move(StepMoved("b", "tamr.load", "succeeded", "DONE", "j2"), 170.0)
    assert watched.line(170.0) == "1/3 done  a RUNNING 75 s"
    watched.move(StepMoved("a", "tamr.load", "failed", "DONE", "j1"), 171.0)
    assert watched.line(171.0) == ""
