"""Two small platforms to declare things on, and a workspace to write them into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from reconcile.config.load import Config, FilesWrong, load
from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.kind import Action, Declared
from reconcile.core.operation import Order
from reconcile.core.snapshot import Values


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def _clock_time(text: str) -> str:
    if len(text) != 5 or text[2] != ":":
        raise ValueError(f'"{text}" is no time of day')
    return text


Time = Annotated[str, AfterValidator(_clock_time)]


class Alarm(Strict):
    alarm: str
    volume: Annotated[int, Field(ge=0, le=10)] | None = Field(None, description="0 to 10")
    zone: Annotated[str, Field(pattern="^[A-Za-z_/]+$")] | None = None

    @model_validator(mode="after")
    def _quiet_at_home(self) -> Alarm:
        if self.alarm == "home" and self.volume == 10:
            raise PydanticCustomError("too-loud", "not so loud at home", {"field": "volume", "hint": "take 9"})
        return self


class Daily(Alarm):
    frequency: Literal["daily"]
    time: Time


class Weekly(Alarm):
    frequency: Literal["weekly"]
    time: Time
    days: list[Literal["Monday", "Tuesday", "Wednesday"]]


class Monthly(Alarm):
    frequency: Literal["monthly"]
    days_of_month: list[Annotated[int, Field(ge=1, le=31)] | Literal["last"]]


AnyAlarm = Annotated[Daily | Weekly | Monthly, Field(discriminator="frequency")]


class Lamp(Strict):
    lamp: str
    on: bool
    dim: float = 1.0


class Ring(Strict):
    alarm: str
    times: int = 1


class Shine(Strict):
    lamp: str


class Key(Strict):
    method: Literal["key"]
    key: SecretStr


class Login(Strict):
    method: Literal["login"]
    user: str
    password: SecretStr


Auth = Annotated[Key | Login, Field(discriminator="method")]


def _https(url: str) -> str:
    if not url.startswith("https://"):
        raise ValueError(f'"{url}" must begin with https://')
    return url


class ClockConnection(Strict):
    provider: Literal["clock"]
    url: Annotated[str, AfterValidator(_https)]
    auth: Auth
    tries: int = 3


class LightConnection(Strict):
    provider: Literal["light"]
    house: Annotated[str, Field(pattern="^[0-9]{3}$")]


@dataclass(frozen=True)
class FakeKind:
    name: str
    section: str
    entry: Any
    key: str
    readable: bool = True
    one_shot: bool = False

    def declare(self, entry: Any, connection: Any) -> Declared:
        values = {name: value for name, value in entry.model_dump().items() if name != self.key and value is not None}
        advice: tuple[tuple[str, str, str, str], ...] = ()
        if getattr(entry, "time", "") == "02:30":
            advice = (("dst-gap", "time", "this time does not exist on one day of the year", "take 03:30"),)
        if getattr(entry, "time", "") == "02:31":
            advice = (("dst-gap", "time", "02:31 does not exist on one day of the year", "take 02:31 + 1h"),)
        return Declared(getattr(entry, self.key), values, advice)

    def entry_of(self, name: str, values: Values) -> Values:
        return {self.key: name, **values}

    def fields_of(self, values: Values) -> tuple[str, ...]:
        return tuple(values)

    def is_absent(self, values: Values) -> bool:
        return False

    def paused(self, values: Values) -> Values | None:
        return {**values, "on": False} if "on" in values else None

    def align(self, live: Values, wanted: Values) -> Values:
        return live

    def stage(self, action: Action, address: Address, after: Values) -> int:
        return 0

    def role(self, name: str, id: str | None) -> None:
        return None

    def timing(self, values: Values) -> None:
        return None


@dataclass(frozen=True)
class FakeCatalogue:
    name: str
    connection: Any
    kinds: tuple[Any, ...]
    operations: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FakeOperation:
    name: str
    entry: Any
    summary: str = ""
    watchable: bool = True
    stoppable: bool = True
    harmless_twice: bool = True
    when_busy: str = "wait"
    pool: str = ""
    refusals: frozenset[int] = frozenset()

    def order(self, settings: Any, connection: Any) -> Order:
        return Order(self.name, str(settings), str(settings))


CATALOGUES: dict[str, Any] = {
    "clock": FakeCatalogue(
        "clock",
        ClockConnection,
        (FakeKind("alarm", "alarms", AnyAlarm, "alarm"),),
        {"clock.ring": FakeOperation("clock.ring", Ring)},
    ),
    "light": FakeCatalogue(
        "light",
        LightConnection,
        (FakeKind("lamp", "lamps", Lamp, "lamp"),),
        {"light.shine": FakeOperation("light.shine", Shine)},
    ),
}

ENVIRON = {"KEY": "opensesame-1234", "URL": "https://clock.example", "NUMBER": "3", "FLAG": "true"}

WORKSPACE = """\
version: 1
connections:
  home:
    provider: clock
    url: ${env.URL}
    auth: {method: key, key: "${env.KEY}"}
  attic: {provider: light, house: "007"}
variables: {zone: Europe/Paris, loud: 7}
environments:
  dev: {variables: {zone: UTC}}
  prod: {connections: {attic: {house: "008"}}}
"""


def write(root: Path, files: Mapping[str, str]) -> Path:
    """Write a workspace: ``WORKSPACE`` and ``files``, any of which may replace it."""
    for name, text in {"reconcile.yaml": WORKSPACE, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    return root


def load_files(root: Path, files: Mapping[str, str], environment: str | None = None, **environ: str) -> Config:
    """Return what a workspace of these files says; paths are shown relative to it."""
    return load(write(root, files), environment, {**ENVIRON, **environ}, CATALOGUES, root)


def wrong(root: Path, files: Mapping[str, str], environment: str | None = None, **environ: str) -> FilesWrong:
    """Return the error that a workspace of these files gives."""
    try:
        config = load_files(root, files, environment, **environ)
    except FilesWrong as error:
        return error
    raise AssertionError(f"no error: {config}")


def errors(root: Path, files: Mapping[str, str], environment: str | None = None, **environ: str) -> list[Diagnostic]:
    """Return the diagnostics of ``wrong``."""
    return list(wrong(root, files, environment, **environ).diagnostics)


def only(diagnostics: list[Diagnostic]) -> Diagnostic:
    """Return the one diagnostic there is."""
    assert len(diagnostics) == 1, "\n".join(str(one) for one in diagnostics)
    return diagnostics[0]


def underlined(error: FilesWrong, diagnostic: Diagnostic) -> str:
    """Return what the caret of a diagnostic stands under."""
    span = diagnostic.span
    assert span is not None
    return error.sources[span.file][span.line - 1][span.column - 1 : span.column - 1 + span.length]
