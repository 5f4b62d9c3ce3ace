"""What may stand in ``reconcile.yaml``, and what is common to all kinds in desired-state files."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from reconcile.config.alert import AlertsEntry
from reconcile.config.duration import Duration
from reconcile.config.freeze import FreezeEntry
from reconcile.config.moment import Moment
from reconcile.config.scalar import Scalar
from reconcile.core.diagnostic import did_you_mean
from reconcile.core.lint import LINTS

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"

_NAME_RULE = "letters, digits, and _ . - after the first character"


def _is_scalar(value: Any) -> Scalar:
    if isinstance(value, str | int | float | bool):
        return value
    raise PydanticCustomError("wrong-type", "A variable is text, a number, or true or false")


def _is_known_version(value: Any) -> int:
    if type(value) is int and value == 1:
        return value
    message = "This program reads version 1 of this file and no other"
    raise PydanticCustomError("unsupported-version", message, {"hint": "write version: 1"})


def _on_one_line(text: str) -> str:
    words = " ".join(text.split())
    if not words:
        raise ValueError("must say something: a hold without a reason is never lifted")
    return words


def _with_reason(text: str) -> str:
    words = " ".join(text.split())
    if not words:
        raise ValueError("must say something: whoever comes after you wants to know why it is right")
    return words


Name = Annotated[str, Field(pattern=NAME_PATTERN, description=_NAME_RULE)]
VariableName = Annotated[str, Field(pattern=VARIABLE_PATTERN, description="letters, digits and _; no digit first")]
Variables = dict[
    VariableName,
    Annotated[
        Any,
        AfterValidator(_is_scalar),
        WithJsonSchema({"type": ["string", "number", "boolean"], "description": "value of the variable"}),
    ],
]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class MaxDeletes(_Strict):
    """How much one plan may delete of what a connection's record holds. Both limits must be kept."""

    count: Annotated[int, Field(ge=0)] | None = Field(None, description="objects; any number when absent")
    percent: Annotated[float, Field(ge=0, le=100)] = Field(30.0, description="share of the recorded objects")


class RetentionEntry(_Strict):
    """How much of the past is kept in each environment: the newest so many, and at least 10."""

    applies: Annotated[int, Field(ge=10)] = Field(1000, description="versions of the state: one an apply, the history")
    runs: Annotated[int, Field(ge=10)] = Field(1000, description="runs of pipelines and jobs by hand that are over")
    days: Annotated[int, Field(ge=1)] | None = Field(
        None, description="what is older than this goes, too; whatever its age when absent"
    )


class HoldEntry(_Strict):
    """Why something is kept off on purpose, and until when."""

    reason: Annotated[str, AfterValidator(_on_one_line)] = Field(
        description="why, in your words; plans show it", json_schema_extra={"pattern": r"\S"}
    )
    until: Moment | None = Field(
        None,
        description="a day (it ends at 00:00 UTC) or a moment; the next plan restores. Until it is removed when absent",
    )


def _is_lint(code: str) -> str:
    if code not in LINTS:
        hint = did_you_mean(code, LINTS) or "the word in brackets behind a warning"
        raise PydanticCustomError("unknown-value", '"{code}" is no finding', {"code": code, "hint": hint})
    return code


class AllowHere(_Strict):
    """A finding about this entry that somebody has looked at and accepts."""

    code: Annotated[str, AfterValidator(_is_lint)] = Field(
        description="the finding: the word in brackets behind a warning", json_schema_extra={"enum": [*sorted(LINTS)]}
    )
    reason: Annotated[str, AfterValidator(_with_reason)] = Field(
        description="why it is right as it is", json_schema_extra={"pattern": r"\S"}
    )


class AllowEntry(AllowHere):
    """A finding that somebody has looked at and accepts, for some objects or for all."""

    objects: Annotated[list[str], Field(min_length=1)] | None = Field(
        None, description="addresses, or globs over them; all when absent"
    )


class Environment(_Strict):
    """What is different in one environment."""

    variables: Variables = Field(default_factory=dict, description="replace the variables of the same name")
    connections: dict[Name, dict[str, Any]] = Field(
        default_factory=dict,
        description="merged over the connections of the same name; another provider or auth method replaces the whole",
    )
    hold: HoldEntry | None = Field(None, description="keeps everything off in this environment")
    freezes: list[FreezeEntry] = Field(default_factory=list, description="more times at which nothing is changed")
    alerts: AlertsEntry | None = Field(None, description="each of its fields in place of that of the file")


class Workspace(_Strict):
    """The workspace file ``reconcile.yaml``."""

    version: Annotated[int, BeforeValidator(_is_known_version), WithJsonSchema({"const": 1})] = Field(
        description="version of this file format"
    )
    state: Annotated[str, Field(min_length=1)] = Field(
        ".reconcile", description="where the record is kept: a folder, or s3://, gs://, az://, postgresql://"
    )
    connections: dict[Name, dict[str, Any]] = Field(
        default_factory=dict, description="accounts on platforms, by a name of your own"
    )
    variables: Variables = Field(default_factory=dict, description="values for ${var.NAME}")
    environments: dict[Name, Environment] = Field(
        default_factory=dict, description="chosen by --env NAME; without it the environment is called default"
    )
    max_deletes: MaxDeletes = Field(default_factory=MaxDeletes, description="guard against deleting too much at once")
    retention: RetentionEntry = Field(default_factory=RetentionEntry, description="how much of the past is kept")
    freezes: list[FreezeEntry] = Field(default_factory=list, description="when nothing is changed, and why")
    allow: list[AllowEntry] = Field(default_factory=list, description="findings that are right as they are")
    alerts: AlertsEntry = Field(default_factory=AlertsEntry, description="who is told of drift (drift --alert)")


class Common(_Strict):
    """What every entry of a desired-state file may have besides its kind's own fields."""

    connection: Name = Field("", description="connection of this entry; that of the file when absent")
    protect: bool = Field(False, description="true: never delete it, also when the entry is gone; false lifts that")
    hold: HoldEntry | None = Field(None, description="keeps it off on purpose: no schedule, not activated, not done")
    allow: list[AllowHere] = Field(default_factory=list, description="findings about it that are right as they are")


class StepOptions(_Strict):
    """What every step of a pipeline may have besides its operation."""

    needs: list[Name] = Field(default_factory=list, description="steps that must have succeeded before")
    connection: Name = Field("", description="connection of this step; that of the file when absent")
    wait_timeout: Duration | None = Field(None, description="stop watching after this time; the job goes on")
    stop_after: Duration | None = Field(None, description="stop the job after this time")
    when_busy: Literal["wait", "attach", "fail", "replace"] | None = Field(
        None, description="what to do when the same job runs already; attach for tamr.load, else wait"
    )
    on_limit: Literal["wait", "fail"] = Field("wait", description="what to do when the platform's limit is reached")
    retries: Annotated[int, Field(ge=0)] = Field(0, description="how often a failed job is started again")
    min_gap: Duration | None = Field(None, description="least time since the last job on the same object")
    restart_from: Annotated[str, Field(pattern=NAME_PATTERN)] = Field(
        "",
        description="an earlier step; this one is never repeated without it (stage and apply)",
        validate_default=False,
    )
