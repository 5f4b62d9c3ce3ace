"""apprise: its own parsing of URLs, and mail through a real SMTP server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alert_cases import CLOSE, PACK, alert_of, message_of

from reconcile.alerts.send import NotDelivered, Ways, send
from reconcile.core.alert import AppriseSink, Level, Wording
from sinks.catcher import catching
from sinks.mail import Mailbox, mailbox, text_of

apprise = pytest.importorskip("apprise")

# It imports a plugin for every service there is, some with libraries that are behind the times.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

WAYS = Ways(out=lambda text: None)


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as found:
        yield found


def mail_url(box: Mailbox, to: str = "ops@example.org") -> str:
    return f"mailto://127.0.0.1:{box.port}/?from=reconcile@example.org&to={to}&mode=insecure"


def test_a_mail_says_what_drifted(box: Mailbox) -> None:
    send(message_of(alert_of(), alert_of(CLOSE)), AppriseSink("mail", mail_url(box)), WAYS)
    (mail,) = box.mails
    assert mail["Subject"] == "reconcile: 2 drifted"
    text = text_of(mail)
    assert f"warning: {PACK} drifted" in text
    assert "time: 01:00 -> 09:00" in text
    assert CLOSE in text


def test_a_template_of_ones_own(box: Mailbox) -> None:
    wording = Wording("{level}! {count} in {environment}", "{kind} {address} {{as is}}")
    send(
        message_of(alert_of(level=Level.ERROR), environment="prod"),
        AppriseSink("m", mail_url(box), wording=wording),
        WAYS,
    )
    (mail,) = box.mails
    assert mail["Subject"] == "error! 1 in prod"
    assert f"drift {PACK} {{as is}}" in text_of(mail)


def test_a_mail_server_that_refuses_is_not_delivered(box: Mailbox) -> None:
    """The result of apprise is looked at; nothing of it is raised."""
    box.refused.add("ops@example.org")
    with pytest.raises(NotDelivered):
        send(message_of(), AppriseSink("mail", mail_url(box)), WAYS)
    assert box.mails == []


@pytest.mark.parametrize("url", ["nonsense://x", "slack://", "mailto://"])
def test_a_url_that_apprise_does_not_know(url: str) -> None:
    with pytest.raises(NotDelivered, match="cannot make anything of its URL"):
        send(message_of(), AppriseSink("chat", url), WAYS)


@pytest.mark.parametrize(
    "url",
    [
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops",
        "pagerduty://A1BRTD4JD@TIiajkdnlazkcOXrIdevi7F",
        "mailtos://user:password@example.org?to=ops@example.org",
        "jsons://example.org/hook",
    ],
)
def test_urls_that_users_write_are_taken_and_hidden(url: str) -> None:
    """By apprise's own parser; and our own repr shows none of it."""
    room = apprise.Apprise()
    assert room.add(url)
    assert url.partition("://")[2][:8] not in repr(AppriseSink("chat", url))


def test_a_post_through_apprise() -> None:
    """Its own JSON plugin, against the catcher: type, title and body arrive."""
    with catching() as catcher:
        url = catcher.url.replace("http://", "json://")
        send(message_of(alert_of(level=Level.ERROR)), AppriseSink("json", url), WAYS)
        (caught,) = catcher.caught
    assert caught.json["type"] == "failure"
    assert caught.json["title"] == "reconcile: 1 drifted"
    assert PACK in caught.json["message"]
