"""Intents before calls: what an apply writes down so that a process killed at any instant loses nothing.

1. ``begin``: every intent, in one object, before any call is made.
2. ``sent``: a one-shot, before its call is made; when it returns, that is durable.
3. ``settled``: an outcome. Nobody waits for it: one thread gathers what comes and writes it in few objects. What a
   crash takes with it is only in doubt, and doubt is settled by looking at the platform.
4. ``close``, once the state holds the outcome: everything is removed, the intents first.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Self

from reconcile.core.address import Address
from reconcile.core.freeze import Override
from reconcile.state.backend import Backend, KeyTaken
from reconcile.state.format import Origin, State
from reconcile.state.intent import FOLDER, Begin, Intent, Outcome, begin_to_bytes, settled_to_bytes

# How long an outcome waits for company. A crash leaves the outcomes of this long in doubt, which costs a look.
GATHER_SECONDS = 0.2

_NUMBER = re.compile(rf"{FOLDER}/(\d+)-.*")


class Journal:
    """The journal of one running apply. Leaving it as a context manager without ``close`` keeps it for the next run."""

    def __init__(
        self, backend: Backend, folder: str, begin: Begin, clean: Callable[[str], str], gather_seconds: float
    ) -> None:
        self._backend, self._folder, self._begin = backend, folder, begin
        self._clean, self._gather_seconds = clean, gather_seconds
        self._intents = {intent.address: intent for intent in begin.intents}
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._waiting: dict[Address, Outcome] = {}
        self._is_writing = False
        self._hurry = False
        self._is_over = False
        self._writer: threading.Thread | None = None
        self._failure: Exception | None = None

    @classmethod
    def begin(
        cls,
        backend: Backend,
        origin: Origin,
        intents: Sequence[Intent],
        base: State,
        *,
        plan: str | None = None,
        undoes: str | None = None,
        override: Override | None = None,
        clean: Callable[[str], str] = str,
        gather_seconds: float = GATHER_SECONDS,
    ) -> Journal:
        """Return a journal that holds all intents, durably. No call may be made before this returns.

        ``origin.id`` names the apply; ``base`` is the version of the state that the plan was made from, ``plan`` its
        id where it was saved, ``undoes`` the apply that it takes back, ``override`` why it goes ahead inside a
        freeze; texts of requests and the command go through ``clean``. Raises ``StateError`` when it cannot be
        written: nothing was.
        """
        # Numbered, so that the order of applies that were cut off does not hang on anybody's clock.
        keys = (_NUMBER.fullmatch(key) for key in backend.list(FOLDER))
        number = 1 + max((int(found[1]) for found in keys if found), default=0)
        folder = f"{FOLDER}/{number:06d}-{origin.id}"
        begin = Begin(origin, base.lineage, base.serial, tuple(intents), plan, undoes, override)
        # Nobody else makes this folder: see `_append`.
        with contextlib.suppress(KeyTaken):
            backend.create(f"{folder}/begin.json", begin_to_bytes(begin, clean))
        return cls(backend, folder, begin, clean, gather_seconds)

    def sent(self, address: Address) -> None:
        """Note, durably, that the call of a one-shot is about to be made. The call may be made when this returns.

        Raises ``StateError`` when it cannot be noted; then the call must not be made.
        """
        alone = replace(self._begin, intents=(self._intents[address],))
        self._append("sent", begin_to_bytes(alone, self._clean))

    def settled(self, address: Address, outcome: Outcome) -> None:
        """Note how a change ended; returns at once. Of several outcomes of one object the last counts."""
        with self._changed:
            if self._is_over:
                raise RuntimeError("the journal is closed")
            self._waiting[address] = outcome
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_all, name="journal", daemon=True)
                self._writer.start()
            self._changed.notify_all()

    def flush(self) -> None:
        """Return when every outcome so far is durable. Raises what kept one from being written; it stays in doubt."""
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._waiting and not self._is_writing)
            self._hurry = False
            failure, self._failure = self._failure, None
        if failure:
            raise failure

    def close(self) -> None:
        """Remove the journal: the state holds the outcome. Interrupted anywhere, what is left means nothing more.

        Raises ``StateError`` when something cannot be removed; the next apply removes it.
        """
        self._stop(keep=False)
        remove(self._backend, self._backend.list(self._folder))

    def leave(self) -> None:
        """Stop writing and keep everything for the next run, outcomes so far included. Safe to call twice."""
        self._stop(keep=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def _append(self, part: str, data: bytes) -> None:
        # Nobody else writes in this folder: a key that is taken is our own, written by a request whose answer was lost.
        with contextlib.suppress(KeyTaken):
            self._backend.create(f"{self._folder}/{next(self._numbers):08d}-{part}.json", data)

    def _stop(self, *, keep: bool) -> None:
        with self._changed:
            self._is_over = self._hurry = True
            if not keep:
                self._waiting.clear()
            self._changed.notify_all()
        if self._writer:
            self._writer.join()

    def _write_all(self) -> None:
        while batch := self._gathered():
            try:
                self._append("settled", settled_to_bytes(batch))
            except Exception as error:
                # A thread has nobody to raise to; `flush` tells.
                self._failure = error
            with self._changed:
                self._is_writing = False
                self._changed.notify_all()

    def _gathered(self) -> dict[Address, Outcome]:
        """Wait for outcomes and take them; empty when the journal is over and none is left."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_over)
            self._changed.wait_for(lambda: self._hurry, timeout=self._gather_seconds)
            batch, self._waiting = self._waiting, {}
            self._is_writing = bool(batch)
            return batch


def remove(backend: Backend, keys: Sequence[str]) -> None:
    """Remove the objects of one finished journal, the intents first: without them the rest means nothing."""
    for key in sorted(keys, key=lambda key: (not key.endswith("/begin.json"), key)):
        backend.delete(key)
