"""Telling that a process is gone, and never saying so without being sure."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

from reconcile.state.process import Process, describe, is_gone

US = describe(os.getpid())


def test_a_process_that_runs_is_not_gone() -> None:
    assert US.space
    assert US.started.isdecimal()
    assert not is_gone(US)


def test_a_process_that_ended_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        process = describe(child.pid)
        assert not is_gone(process)
        child.communicate(b"\n")
    assert is_gone(process)


def test_a_number_that_was_given_away_again_is_not_the_process() -> None:
    assert is_gone(replace(US, started="1"))


def test_what_cannot_be_seen_from_here_is_not_gone() -> None:
    nobody = 2**22 + 1  # above the highest process id there can be
    assert is_gone(replace(US, pid=nobody))
    assert not is_gone(replace(US, pid=nobody, space="another boot"))
    assert not is_gone(Process(nobody))
    assert not is_gone(replace(US, started=""))


def test_another_users_process_is_there() -> None:
    assert not is_gone(describe(1))
