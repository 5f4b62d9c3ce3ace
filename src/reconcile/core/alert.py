"""Alerts: what people are told of drift, how urgently, where to, and what they have been told already."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconcile.core.address import matches
from reconcile.core.diff import FieldChange


class AlertKind(StrEnum):
    """What an alert is about. The last two end what the first two began."""

    DRIFT = "drift"
    CHECK_FAILED = "check-failed"
    BACK_IN_SYNC = "back-in-sync"
    CHECK_RESTORED = "check-restored"


class Level(StrEnum):
    """How urgent it is, least first."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """How urgent as a number: more is more urgent."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to tell. ``subject`` is the address of an object, or names the check; of one there is one alert.

    The same ``fingerprint`` means the same finding. ``summary`` is one line, ``details`` more of them; ``fields`` go
    from recorded to live.
    """

    kind: AlertKind
    subject: str
    fingerprint: str
    level: Level
    summary: str
    details: tuple[str, ...] = ()
    fields: tuple[FieldChange, ...] = ()

    @property
    def ends(self) -> bool:
        """Say whether it says that something is over."""
        return self.kind in (AlertKind.BACK_IN_SYNC, AlertKind.CHECK_RESTORED)


@dataclass(frozen=True, slots=True)
class Rule:
    """How urgent some alerts are: those of one kind (None: any) and of some objects (globs; empty: any)."""

    level: Level
    kind: AlertKind | None = None
    objects: tuple[str, ...] = ()

    def is_for(self, kind: AlertKind, subject: str) -> bool:
        """Say whether the rule is about an alert."""
        if self.kind is not None and self.kind is not kind:
            return False
        return not self.objects or any(matches(subject, pattern) for pattern in self.objects)


# What `title` and `body` of a sink may hold between braces.
TITLE_WORDS = ("summary", "environment", "level", "count", "at")
BODY_WORDS = (
    "summary",
    "kind",
    "subject",
    "address",
    "level",
    "occasion",
    "fields",
    "details",
    "environment",
    "fingerprint",
    "at",
)
TITLE = "reconcile: {summary}"
BODY = "{level}: {summary}{details}{fields}"


@dataclass(frozen=True, slots=True)
class Wording:
    """How a message reads: its title, and a piece of body for each alert. Templates, see ``core.template``."""

    title: str = TITLE
    body: str = BODY


@dataclass(frozen=True, slots=True)
class StdoutSink:
    """Prints."""

    name: str
    at_least: Level = Level.INFO
    wording: Wording = Wording()


@dataclass(frozen=True, slots=True)
class JsonLinesSink:
    """Adds a line of JSON for each alert to a file (``path``, from the workspace), or prints it (``-``)."""

    name: str
    path: str = "-"
    at_least: Level = Level.INFO


@dataclass(frozen=True, slots=True)
class WebhookSink:
    """POSTs JSON, signed when there is a ``secret``. ``timeout`` is how long an attempt may take, in seconds."""

    name: str
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    timeout: int = 10
    at_least: Level = Level.INFO


@dataclass(frozen=True, slots=True)
class AppriseSink:
    """Leaves it to apprise, which knows Slack, Teams, mail and the rest by their URLs. The URL is a secret."""

    name: str
    url: str = field(repr=False)
    at_least: Level = Level.INFO
    wording: Wording = Wording()


Sink = StdoutSink | JsonLinesSink | WebhookSink | AppriseSink

REMIND_AFTER = 24 * 3600

# A part of a service's URL that is at least as long is a token, and may be quoted alone by what fails.
LONG = 16
_BETWEEN = re.compile(r"[/:@?&=#]+")


@dataclass(frozen=True, slots=True)
class Alerting:
    """What a workspace says of alerts: where they go, and how urgent they are; of the ``rules`` the first that fits.

    What goes on is told again after ``remind_after`` seconds; 0 for never.
    """

    sinks: tuple[Sink, ...] = ()
    rules: tuple[Rule, ...] = ()
    remind_after: int = REMIND_AFTER

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown anywhere: URLs, keys, and the tokens in URLs of services."""
        found: list[str] = []
        for sink in self.sinks:
            match sink:
                case WebhookSink():
                    found += [sink.url, sink.secret]
                case AppriseSink():
                    found += [sink.url, *(part for part in _BETWEEN.split(sink.url) if len(part) >= LONG)]
                case _:
                    pass
        return tuple(secret for secret in found if secret)

    def level_of(self, kind: AlertKind, subject: str) -> Level:
        """Return how urgent an alert is that begins something."""
        for rule in self.rules:
            if rule.is_for(kind, subject):
                return rule.level
        return Level.ERROR if kind is AlertKind.CHECK_FAILED else Level.WARNING


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody is about to send this, and does it until ``until`` (UTC, ISO 8601) or never."""

    by: str
    until: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a sink was last told of a subject: the fingerprint, and when; both empty when nothing yet.

    ``kind`` is what it was told about. ``muted`` says that it has been acknowledged since: what comes after that is
    told anew.
    """

    kind: AlertKind
    fingerprint: str = ""
    sent_at: str = ""
    muted: bool = False
    claim: Claim | None = None


# By sink, then by subject.
Memory = Mapping[str, Mapping[str, Told]]
