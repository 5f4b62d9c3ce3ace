"""Looks at what work needs: connections and the state, side by side, in bounded time, changing nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock, Thread
from uuid import uuid4

from reconcile.core.checkup import Checked, Finding, Verdict, fail, ok, skip, warn
from reconcile.core.errors import ReconcileError
from reconcile.engine.link import Link, Outside
from reconcile.providers.base import Diagnoses
from reconcile.render.terminal import counted
from reconcile.state.backend import Backend
from reconcile.state.folder import FolderBackend
from reconcile.state.lock import read_lock
from reconcile.state.lock_words import held
from reconcile.state.process import is_gone
from reconcile.state.store import Store
from reconcile.state.unfinished import unfinished

Examination = Callable[[], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Clocks:
    """``now`` is this machine's time (aware), ``monotonic`` seconds that never go back."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]


@dataclass(slots=True)
class _Notes:
    """What one examination has found so far; no more is taken once it is closed."""

    lock: Lock = field(default_factory=Lock)
    findings: list[Finding] = field(default_factory=list)
    is_open: bool = True

    def add(self, finding: Finding) -> None:
        with self.lock:
            if self.is_open:
                self.findings.append(finding)

    def close(self) -> tuple[Finding, ...]:
        with self.lock:
            self.is_open = False
            return tuple(self.findings)


def examined(examinations: Mapping[str, Examination], seconds: float, clock: Callable[[], float]) -> list[Checked]:
    """Return what each examination found, in the order given; all run side by side, for ``seconds`` at most.

    One that is not done by then is told as a failed check, with what it had found so far. Nothing is raised.
    """
    notes = {name: _Notes() for name in examinations}
    threads = [
        # Daemons: who waits for a platform that does not answer must not keep the program from ending.
        Thread(target=_examine, args=(examination, notes[name]), daemon=True)
        for name, examination in examinations.items()
    ]
    for thread in threads:
        thread.start()
    end = clock() + seconds
    for thread in threads:
        thread.join(max(0.0, end - clock()))
    found = []
    for (name, note), thread in zip(notes.items(), threads, strict=True):
        late = thread.is_alive()
        findings = note.close()
        found.append(Checked(name, (*findings, *((_late(seconds),) if late else ()))))
    return found


def connection_check(link: Link, outside: Outside, now: Callable[[], datetime]) -> Examination:
    """Return what examines one connection."""

    def examination() -> Iterator[Finding]:
        provider = link.provider
        if not isinstance(provider, Diagnoses):
            yield skip("connection", f"the provider {provider.name} cannot be checked")
            return
        clean = outside.redactor.clean
        for each in provider.checkup(link.name, link.settings, outside.surroundings(link), now):
            # A platform may quote what it was sent.
            yield Finding(each.check, each.verdict, clean(each.detail), clean(each.hint))

    return examination


def state_check(open_backend: Callable[[], Backend], now: Callable[[], datetime], *, probe: bool) -> Examination:
    """Return what examines the state; with ``probe`` a key is written there and removed again."""

    def examination() -> Iterator[Finding]:
        backend = open_backend()
        state = Store(backend).latest()
        words = (
            f"version {state.serial}, {counted(len(state.recorded), 'object')} recorded"
            if state.serial
            else "nothing yet"
        )
        yield ok("readable", f"{backend.place('state')}: {words}")
        yield _writable(backend, probe=probe)
        yield _lock(backend, now())
        yield _unfinished(backend)

    return examination


def _examine(examination: Examination, notes: _Notes) -> None:
    try:
        for finding in examination():
            notes.add(finding)
    except ReconcileError as error:
        for told in error.diagnostics:
            notes.add(fail(told.code, told.detail or told.summary, told.hint))
    except Exception as error:  # a thread must not end in a traceback in the middle of a report
        notes.add(fail("internal-error", f"{type(error).__name__}: {error}", "please report it"))


def _late(seconds: float) -> Finding:
    hint = "the rest was not looked at; check the network, or give it more time with --timeout"
    return fail("time", f"not done within {seconds:g} s", hint)


def _writable(backend: Backend, *, probe: bool) -> Finding:
    if probe:
        key = f"probe/{uuid4().hex}"
        backend.create(key, b"{}\n")
        backend.delete(key)
        return ok("writable", "a key was written and removed again")
    if not isinstance(backend, FolderBackend):
        return skip("writable", "not tried, nothing was written", "--probe writes a key and removes it again")
    folder = Path(backend.place("state"))
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if os.access(nearest, os.W_OK | os.X_OK):
        return ok("writable", "the folder can be written to")
    return fail("writable", f"{nearest} cannot be written to", "give yourself the right to write there")


def _lock(backend: Backend, now: datetime) -> Finding:
    found = read_lock(backend)
    if found is None:
        return ok("lock", "nobody holds the lock")
    told = held(found)
    if is_gone(found.process) or found.until <= now:
        return warn("lock", f"{found.owner} left the lock behind", "the next apply takes it over")
    return warn("lock", told.detail, told.hint)


def _unfinished(backend: Backend) -> Finding:
    left = [each for each in unfinished(backend) if not each.is_recorded]
    if not left:
        return ok("applies", "no apply was cut off")
    doubt = sum(len(each.in_doubt) for each in left)
    words = f"cut off, or running now: {len(left)}; changes in doubt: {doubt}"
    return warn("applies", words, "`reconcile plan` says what was in flight; the next apply settles it")


def worst(checked: list[Checked]) -> Verdict:
    """Return ``FAIL`` when anything failed, else ``WARN`` when anything is worth a word, else ``OK``."""
    verdicts = {finding.verdict for each in checked for finding in each.findings}
    return next((each for each in (Verdict.FAIL, Verdict.WARN) if each in verdicts), Verdict.OK)
