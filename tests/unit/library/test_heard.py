"""Events on their way to a listener that is not ours."""

import pytest

from reconcile.core.redact import Redactor
from reconcile.engine.events import ApplyBegan, Event, StepMoved, Waiting
from reconcile.library.heard import listener_of


def test_a_secret_in_any_text_of_an_event_is_hidden() -> None:
    heard: list[Event] = []
    listener = listener_of(heard.append, Redactor(["s3cr3t-word"]))
    listener(Waiting("sales", "refused: s3cr3t-word", 2.0))
    listener(StepMoved("load", "tamr.load", "failed", error="said s3cr3t-word"))
    assert heard == [
        Waiting("sales", "refused: ***", 2.0),
        StepMoved("load", "tamr.load", "failed", error="said ***"),
    ]


def test_an_event_without_a_secret_is_passed_on_as_it_is() -> None:
    heard: list[Event] = []
    event = Waiting("sales", "busy", 2.0)
    listener_of(heard.append, Redactor(["s3cr3t-word"]))(event)
    assert heard[0] is event


def test_nobody_needs_to_listen() -> None:
    listener_of(None, Redactor())(ApplyBegan(3))


def test_an_interrupt_in_a_listener_is_not_held_back() -> None:
    def hear(event: Event) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        listener_of(hear, Redactor())(ApplyBegan(3))


def test_a_listener_that_fails_is_told_of_the_next_event() -> None:
    heard: list[Event] = []

    def hear(event: Event) -> None:
        heard.append(event)
        raise ValueError("no")

    listener = listener_of(hear, Redactor())
    listener(ApplyBegan(1))
    listener(ApplyBegan(2))
    assert heard == [ApplyBegan(1), ApplyBegan(2)]
