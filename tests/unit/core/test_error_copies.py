"""Errors cross to other processes, and are copied, as they are."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import AnswerLost, LimitReached, LockHeld, ReconcileError
from reconcile.core.source import Span

TOLD = Diagnostic("a-code", "Summary", "detail", "hint", span=Span("a.yaml", 3, 1), address="c/schedule/recipe:R")


def limited() -> LimitReached:
    error = LimitReached("too many", status=429)
    error.retry_after = 7.0
    return error


ERRORS = [ReconcileError([TOLD]), LockHeld(TOLD), AnswerLost("cut off", hint="look"), limited()]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_an_error_is_the_same_again(error: ReconcileError, again: Callable[[ReconcileError], ReconcileError]) -> None:
    found = again(error)
    assert type(found) is type(error)
    assert (str(found), vars(found)) == (str(error), vars(error))
