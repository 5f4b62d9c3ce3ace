"""Calls that read by another method than GET: repeated like one, and without doubt when they fail."""

from __future__ import annotations

import pytest
from http_server import CUT, OK, Reply, script, writing

from reconcile.core.errors import Unavailable
from reconcile.core.request import Request

ASK = Request("POST", "/status", {"action": "check"})


@pytest.mark.parametrize("trouble", [CUT, Reply(500), Reply(503), Reply(429)])
def test_it_is_asked_again(trouble: Reply) -> None:
    """A question may be asked twice."""
    with writing(script(trouble, OK)) as (server, client, _):
        assert client.ask(ASK).status == 200
    assert [(seen.method, seen.body) for seen in server.seen] == [("POST", b'{"action":"check"}')] * 2


@pytest.mark.parametrize("trouble", [CUT, Reply(500), Reply(503), Reply(short=True)])
def test_a_question_without_an_answer_changed_nothing(trouble: Reply) -> None:
    """The same request sent as a write may have happened."""
    with writing(script(trouble), attempts=1) as (server, client, _):
        with pytest.raises(Unavailable) as raised:
            client.ask(ASK)
        assert not raised.value.may_have_happened
        assert len(server.seen) == 1
