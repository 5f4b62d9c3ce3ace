"""``alerts`` of a workspace file: what may stand there, and what it means."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from reconcile.config.duration import Duration
from reconcile.config.reference import REFERENCE
from reconcile.core.alert import (
    BODY,
    BODY_WORDS,
    REMIND_AFTER,
    TITLE,
    TITLE_WORDS,
    Alerting,
    AlertKind,
    AppriseSink,
    JsonLinesSink,
    Level,
    Rule,
    Sink,
    StdoutSink,
    WebhookSink,
    Wording,
)
from reconcile.core.template import template_problem

SHORTEST_SECRET = 16
LONGEST_TIMEOUT = 60


def _is_open(value: object) -> bool:
    """Say whether it is text with a reference in it: one that failed, or of an environment that nobody chose."""
    return isinstance(value, str) and bool(REFERENCE.search(value))


def _unless_open(check: Callable[[str], None]) -> AfterValidator:
    def validate(text: str) -> str:
        if not _is_open(text):
            check(text)
        return text

    return AfterValidator(validate)


def _check_template(known: Sequence[str]) -> AfterValidator:
    def check(template: str) -> None:
        problem = template_problem(template, known)
        if problem:
            what, hint = problem
            raise PydanticCustomError("unknown-placeholder", "must be a template: it {what}", _with(what, hint))

    return _unless_open(check)


def _with(what: str, hint: str) -> dict[str, Any]:
    return {"what": what, "hint": hint}


def _check_webhook(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in ("http", "https") or not host or not url.isascii() or not url.isprintable() or " " in url:
        raise PydanticCustomError("wrong-value", "must be a URL that begins with https:// and a host", {})
    if parts.username is not None or parts.password is not None:
        hint = "who the message is from is told by its signature: set `secret`"
        raise PydanticCustomError("wrong-value", "must not hold a user name or a password", {"hint": hint})
    if parts.scheme == "http" and not _is_loopback(host):
        hint = "http is for this machine only (127.0.0.1, ::1, localhost)"
        raise PydanticCustomError("wrong-value", "must begin with https://", {"hint": hint})


def _is_loopback(host: str) -> bool:
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_apprise(url: str) -> None:
    if "://" not in url or not url.partition("://")[0].replace("+", "").replace("-", "").isalnum():
        hint = "for example slack://..., msteams://..., mailtos://..., pagerduty://..."
        raise PydanticCustomError("wrong-value", "must be an apprise URL", {"hint": hint})


def _check_secret(secret: str) -> None:
    if len(secret.strip()) < SHORTEST_SECRET:
        hint = "make one: openssl rand -hex 32"
        raise PydanticCustomError(
            "wrong-value", "must be at least {least} characters long", {"least": SHORTEST_SECRET, "hint": hint}
        )


def _check_path(path: str) -> None:
    if not path.strip():
        raise PydanticCustomError("wrong-value", "must name a file, or be - for stdout", {})


def _later(value: object) -> object:
    """Return a duration as it is written; one that is an open reference is none yet."""
    return "0s" if _is_open(value) else value


def _optional(schema: dict[str, Any]) -> None:
    """Take the default out of a field's JSON Schema: empty text stands for absent here, and may not be written."""
    schema.pop("default", None)


def _secret(schema: dict[str, Any]) -> None:
    _optional(schema)
    schema["writeOnly"] = True


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


LevelWord = Literal["info", "warning", "error"]
Wait = Annotated[Duration, BeforeValidator(_later)]
Title = Annotated[str, _check_template(TITLE_WORDS)]
Body = Annotated[str, _check_template(BODY_WORDS)]


class _SinkEntry(_Strict):
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")] = Field(
        "", description="how messages and the memory call it; its type when absent", json_schema_extra=_optional
    )
    at_least: LevelWord = Field("info", description="only alerts that are at least as urgent")


class StdoutEntry(_SinkEntry):
    """Print the alerts, where nothing but text is printed; else on stderr."""

    type: Literal["stdout"]
    title: Title = Field(TITLE, description="template of the title")
    body: Body = Field(BODY, description="template of the piece for each alert")


class JsonLinesEntry(_SinkEntry):
    """A line of JSON for each alert."""

    type: Literal["json_lines"]
    path: Annotated[str, _unless_open(_check_path)] = Field("-", description="a file, from the workspace; - for stdout")


class WebhookEntry(_SinkEntry):
    """POST JSON to a URL, signed."""

    type: Literal["webhook"]
    url: Annotated[str, _unless_open(_check_webhook)] = Field(
        description="where to, https://", json_schema_extra={"writeOnly": True}
    )
    secret: Annotated[str, _unless_open(_check_secret)] = Field(
        "", description="key of the signature (HMAC-SHA256); not signed when absent", json_schema_extra=_secret
    )
    timeout: Wait = Field(
        10, description="how long an attempt may take in all, 1s to 1m; 10s when absent", json_schema_extra=_optional
    )

    @model_validator(mode="after")
    def _answers_in_time(self) -> WebhookEntry:
        if not 1 <= self.timeout <= LONGEST_TIMEOUT and "timeout" in self.model_fields_set:
            raise PydanticCustomError("wrong-value", "A timeout is from 1s to 1m", {"field": "timeout"})
        return self


class AppriseEntry(_SinkEntry):
    """Slack, Teams, mail, PagerDuty and many more, by apprise: pip install "reconcile[alerts]"."""

    type: Literal["apprise"]
    url: Annotated[str, _unless_open(_check_apprise)] = Field(
        description="apprise's URL of the service; it is a secret", json_schema_extra={"writeOnly": True}
    )
    title: Title = Field(TITLE, description="template of the title")
    body: Body = Field(BODY, description="template of the piece for each alert")


SinkEntry = Annotated[StdoutEntry | JsonLinesEntry | WebhookEntry | AppriseEntry, Field(discriminator="type")]


class RuleEntry(_Strict):
    """How urgent some alerts are."""

    level: LevelWord = Field(description="how urgent")
    kind: Literal["drift", "check-failed"] | None = Field(None, description="of this kind of alert; of any when absent")
    objects: Annotated[list[str], Field(min_length=1)] | None = Field(
        None, description="addresses, or globs over them; all when absent"
    )


class AlertsEntry(_Strict):
    """Who is told of drift, and how urgent it is."""

    remind_after: Wait = Field(
        REMIND_AFTER,
        description="what goes on is told again after this time, 24h when absent; 0s for never",
        json_schema_extra=_optional,
    )
    severity: list[RuleEntry] = Field(
        default_factory=list,
        description="how urgent; the first rule that fits. Else a failed check is an error, drift a warning",
    )
    sinks: list[SinkEntry] = Field(default_factory=list, description="where alerts go")

    @model_validator(mode="after")
    def _names_differ(self) -> AlertsEntry:
        counts = Counter(name_of(sink) for sink in self.sinks)
        twice = next((name for name, count in counts.items() if count > 1), None)
        if twice:
            message, hint = 'Two sinks are called "{name}"', "give each a name: of its own"
            raise PydanticCustomError("wrong-value", message, {"field": "sinks", "hint": hint, "name": twice})
        return self


def name_of(entry: StdoutEntry | JsonLinesEntry | WebhookEntry | AppriseEntry) -> str:
    """Return what a sink is called."""
    return entry.name or entry.type


def alerting_of(entry: AlertsEntry, over: AlertsEntry | None = None) -> Alerting:
    """Return what the entry of a file means; what ``over``, that of the environment, has stands in its place."""
    said = {name: getattr(over, name) for name in over.model_fields_set} if over else {}
    both = entry.model_copy(update=said)
    return Alerting(tuple(map(_sink, both.sinks)), tuple(map(_rule, both.severity)), both.remind_after)


def _rule(entry: RuleEntry) -> Rule:
    return Rule(Level(entry.level), AlertKind(entry.kind) if entry.kind else None, tuple(entry.objects or ()))


def _sink(entry: StdoutEntry | JsonLinesEntry | WebhookEntry | AppriseEntry) -> Sink:
    name, at_least = name_of(entry), Level(entry.at_least)
    match entry:
        case StdoutEntry():
            return StdoutSink(name, at_least, Wording(entry.title, entry.body))
        case JsonLinesEntry():
            return JsonLinesSink(name, entry.path, at_least)
        case WebhookEntry():
            return WebhookSink(name, entry.url, entry.secret, entry.timeout, at_least)
        case AppriseEntry():
            return AppriseSink(name, entry.url, at_least, Wording(entry.title, entry.body))
