"""What people may write about CRM Analytics: a connection, and a schedule of every frequency.

Frequencies, fields and ranges: platform page 1.1. Where the platform documents no limit there is none here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema, model_validator

from reconcile.core.diagnostic import did_you_mean
from reconcile.providers.connection import FilePath, Secret, Strict, Text, Transport, Url

Day = Literal["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
ID_KINDS = {"02K": "dataflow", "05v": "recipe", "0It": "data_sync"}


class ClientCredentials(Strict):
    """OAuth client credentials of an External Client App; needs the org's My Domain as ``instance_url``."""

    method: Literal["client_credentials"]
    client_id: Text
    client_secret: Secret


class JwtBearer(Strict):
    """OAuth JWT bearer: a signed assertion instead of a password. Give the key itself or the file that holds it."""

    method: Literal["jwt_bearer"]
    client_id: Text
    username: Text
    private_key: Secret | None = None
    private_key_file: FilePath | None = None
    audience: Text = "https://login.salesforce.com"
    login_url: Url | None = Field(None, description="where to log in; the instance_url when absent")

    @model_validator(mode="after")
    def _one_key(self) -> JwtBearer:
        if (self.private_key is None) == (self.private_key_file is None):
            raise ValueError("give either private_key or private_key_file")
        return self


class RefreshToken(Strict):
    """OAuth refresh token, as left behind by a login in the browser."""

    method: Literal["refresh_token"]
    client_id: Text
    client_secret: Secret | None = None
    refresh_token: Secret
    login_url: Url | None = Field(None, description="where to log in; the instance_url when absent")


class AccessToken(Strict):
    """A session that somebody else opened. It cannot be renewed."""

    method: Literal["access_token"]
    access_token: Secret


class SfCli(Strict):
    """The session of the ``sf`` command-line tool."""

    method: Literal["sf_cli"]
    org: Text = Field(description="alias or user name that `sf` knows")


Auth = Annotated[ClientCredentials | JwtBearer | RefreshToken | AccessToken | SfCli, Field(discriminator="method")]


def _api_version(text: str) -> str:
    if not re.fullmatch(r"v?[0-9]{2,3}\.0", text):
        raise ValueError('must look like "60.0"')
    return text.removeprefix("v")


Most = Annotated[int, Field(ge=1)]


class Limits(Strict):
    """What this org allows, where it is not what the platform documents or tells: for the forecast, nothing else."""

    runs_a_day: Most | None = Field(
        None, description="dataflow and recipe runs in 24 hours; what the org tells, or 60, when absent"
    )
    recipes: Most | None = Field(None, description="recipes that run at once; 3 when absent")
    dataflows: Most | None = Field(None, description="dataflows that run at once; 2 when absent")
    data_syncs: Most | None = Field(None, description="data syncs that run at once; 3 when absent")


class Connection(Transport):
    """One org."""

    provider: Literal["crm_analytics"]
    instance_url: Url | None = Field(None, description="https://{MyDomain}.my.salesforce.com")
    api_version: Annotated[str, AfterValidator(_api_version)] = "60.0"
    limits: Limits = Field(default_factory=Limits, description="what this org allows, if it is not the usual")
    auth: Auth

    @property
    def base_path(self) -> str:
        """The path that every call of this connection begins with."""
        return f"/services/data/v{self.api_version}"

    @model_validator(mode="after")
    def _knows_its_org(self) -> Connection:
        if self.instance_url is None and self.auth.method != "sf_cli":
            raise ValueError(f"instance_url is needed with auth method {self.auth.method}")
        return self


@lru_cache(maxsize=512)
def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = did_you_mean(text, available_timezones())
        raise ValueError(f'"{text}" is no IANA time zone{"; " + near if near else ""}') from None
    return text


_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def _time(text: str) -> str:
    match = _TIME.fullmatch(text)
    if not match:
        raise ValueError(f'"{text}" is no time of day; write it as HH:MM, for example "02:30"')
    return f"{int(match[1]):02}:{match[2]}"


def _day_of_month(value: Any) -> int | str:
    if value == "last" or (type(value) is int and 1 <= value <= 31):
        return value  # type: ignore[no-any-return]
    raise ValueError(f"{value!r} is no day of a month: write 1 to 31, or last")


def _days_of_month(days: list[int | str]) -> list[int | str]:
    if "last" in days and len(days) > 1:
        raise ValueError('"last" stands alone: the platform takes the last day or numbered days, not both')
    return days


def asset_id(text: str) -> str:
    """Return the 15-character form of an id, which is the same for both forms. Raises ``ValueError``."""
    if not re.fullmatch(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?", text):
        raise ValueError(f'"{text}" is no id: ids have 15 or 18 letters and digits')
    if text[:3] not in ID_KINDS:
        known = ", ".join(f"{prefix} ({kind})" for prefix, kind in ID_KINDS.items())
        raise ValueError(f'"{text}" is no id of something with a schedule: those begin with {known}')
    return text


def _known_id(text: str) -> str:
    asset_id(text)
    return text


Zone = Annotated[str, AfterValidator(_zone)]
Time = Annotated[str, AfterValidator(_time), Field(json_schema_extra={"pattern": "^([01]?[0-9]|2[0-3]):[0-5][0-9]$"})]
DayOfMonth = Annotated[
    int | str,
    PlainValidator(_day_of_month),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1, "maximum": 31}, {"const": "last"}]}),
]
Days = Annotated[list[Day], Field(min_length=1)]
Hour = Annotated[int, Field(ge=0, le=23)]
Level = Literal["always", "failures", "never", "warnings"]


class Schedule(Strict):
    """When one asset runs. The asset is named by exactly one of dataflow, recipe, data_sync and id."""

    ASSETS: ClassVar[tuple[str, ...]] = ("dataflow", "recipe", "data_sync", "id")

    dataflow: Text | None = Field(None, description="API name of a dataflow")
    recipe: Text | None = Field(None, description="API name of a recipe")
    data_sync: Text | None = Field(None, description="API name of a data connection, for example SFDC_LOCAL")
    id: Annotated[str, AfterValidator(_known_id)] | None = Field(None, description="id, where names are ambiguous")

    @model_validator(mode="after")
    def _one_asset(self) -> Schedule:
        named = [name for name in self.ASSETS if getattr(self, name) is not None]
        if len(named) != 1:
            found = " and ".join(named) or "none of them"
            raise ValueError(f"name exactly one of dataflow, recipe, data_sync and id; found {found}")
        return self


class Timed(Schedule):
    """A schedule that starts at a time of day."""

    time: Time = Field(description='time of the (first) run, "HH:MM"')
    timezone: Zone | None = Field(None, description="IANA name, for example America/Los_Angeles")
    notification_level: Level | None = None


class Hourly(Timed):
    """Every so many hours from ``time`` on, until queuing stops at ``last_hour``."""

    frequency: Literal["hourly"]
    hourly_interval: Annotated[int, Field(ge=1)]
    days_of_week: Days | None = None
    last_hour: Hour | None = Field(None, description="hour at which queuing stops; 23:59 when absent")


class Minutely(Timed):
    """Every so many minutes from ``time`` on, until queuing stops at ``last_hour``."""

    frequency: Literal["minutely"]
    minutely_interval: Annotated[int, Field(ge=1)]
    days_of_week: Days | None = None
    last_hour: Hour | None = Field(None, description="hour at which queuing stops; 23:59 when absent")


class Daily(Timed):
    """Every day at ``time``."""

    frequency: Literal["daily"]


class Weekly(Timed):
    """On some days of the week at ``time``."""

    frequency: Literal["weekly"]
    days_of_week: Days


class Monthly(Timed):
    """On numbered days of the month, or on its last day. Months without such a day are skipped."""

    frequency: Literal["monthly"]
    days_of_month: Annotated[list[DayOfMonth], Field(min_length=1), AfterValidator(_days_of_month)]


class MonthlyRelative(Timed):
    """On, for example, the last Sunday of the month."""

    frequency: Literal["monthlyrelative"]
    week_in_month: Literal["first", "second", "third", "fourth", "last"]
    day_in_week: Day


class EventDriven(Schedule):
    """After something else is done. Not for data syncs: the platform has no such schedule for them."""

    frequency: Literal["eventdriven"]
    trigger_rule: Text = Field(description="for example $ALL_SALESFORCE_OBJECTS")
    notification_level: Level | None = None

    @model_validator(mode="after")
    def _no_data_sync(self) -> EventDriven:
        if self.data_sync or (self.id and ID_KINDS[self.id[:3]] == "data_sync"):
            raise ValueError("a data sync cannot be eventdriven: the platform has that for dataflows and recipes only")
        return self


class Unscheduled(Schedule):
    """No schedule: one that is there is deleted."""

    frequency: Literal["none"]


Entry = Annotated[
    Hourly | Minutely | Daily | Weekly | Monthly | MonthlyRelative | EventDriven | Unscheduled,
    Field(discriminator="frequency"),
]
