"""apprise: its own parsing of URLs, and mail through a real SMTP server."""

from __future__ import annotations

import re
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


@pytest.mark.parametrize("more", ["", "?overflow=split"])
def test_hundreds_of_alerts_fit_into_what_a_service_takes(more: str) -> None:
    """Mattermost refuses more than 4,000 characters, with every check anew; what is missing is counted."""
    many = [alert_of(f"sales/schedule/recipe:R_{n:04}") for n in range(400)]
    with catching() as catcher:
        host = catcher.url.removeprefix("http://").partition("/")[0]
        send(message_of(*many), AppriseSink("chat", f"mmost://{host}/tokentokentokentoken{more}"), WAYS)
        texts = [caught.json["text"] for caught in catcher.caught]
    assert all(len(text) <= 4_000 for text in texts)
    assert texts[0].startswith("reconcile: 400 drifted")
    told = len(set(re.findall(r"R_\d{4} drifted", "".join(texts))))
    if more:
        assert told == 400
    else:
        assert len(texts) == 1
        assert texts[0].endswith(f"\nand {400 - told} more")


def test_a_name_that_no_mail_can_hold_is_spelled_out(box: Mailbox) -> None:
    """JSON of a platform can hold half a character."""
    send(message_of(alert_of("s/k/half\udcff")), AppriseSink("mail", mail_url(box)), WAYS)
    assert "s/k/half\\udcff drifted" in text_of(box.mails[0])


def test_a_post_through_apprise() -> None:
    """Its own JSON plugin, against the catcher: type, title and body arrive."""
    with catching() as catcher:
        url = catcher.url.replace("http://", "json://")
        send(message_of(alert_of(level=Level.ERROR)), AppriseSink("json", url), WAYS)
        (caught,) = catcher.caught
    assert caught.json["type"] == "failure"
    assert caught.json["title"] == "reconcile: 1 drifted"
    assert PACK in caught.json["message"]
