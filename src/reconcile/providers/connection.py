"""What every connection's settings have in common, whatever the platform."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from pydantic.fields import FieldInfo

STRICT = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class Strict(BaseModel):
    """A model of something a person wrote: nothing is converted, nothing unknown is let through."""

    model_config = STRICT


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def _secret_not_blank(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().strip():
        raise ValueError("must not be empty")
    return secret


def _safe_url(url: str) -> str:
    # Imported here: the rule lives with the client that keeps it, and that one is heavy.
    from reconcile.providers.url import url_problem

    problem = url_problem(url)
    if problem:
        raise ValueError(f"this URL cannot be used: {problem}")
    return url.rstrip("/")


Text = Annotated[str, AfterValidator(_not_blank), Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class InWorkspace:
    """Marks a field that names a file: a relative one is meant from the workspace, wherever a command is started."""


FilePath = Annotated[str, AfterValidator(_not_blank), Field(min_length=1), InWorkspace()]
Url = Annotated[str, AfterValidator(_safe_url)]
Secret = Annotated[SecretStr, AfterValidator(_secret_not_blank)]


class Transport(Strict):
    """How calls are made on a connection. Every default suits a platform that people use at the same time."""

    concurrency: Annotated[int, Field(ge=1, le=64)] = Field(8, description="calls under way at once")
    requests_per_second: Annotated[float, Field(gt=0)] | None = Field(
        None, description="pace of calls; no limit of our own when absent", strict=False
    )
    timeout: Annotated[float, Field(gt=0, strict=False)] = Field(30, description="seconds to wait for an answer")
    attempts: Annotated[int, Field(ge=1, le=20)] = Field(6, description="tries of a call that is safe to repeat")
    longest_wait: Annotated[float, Field(gt=0, strict=False)] = Field(
        120, description="seconds; a platform that asks for a longer wait is given up"
    )
    ca_file: FilePath | None = Field(None, description="file with certificates to trust besides the usual ones")
    verify: bool = Field(True, description="false turns certificate checks off; every command says so")


Model = TypeVar("Model", bound=BaseModel)


def rooted(settings: Model, root: Path) -> Model:
    """Return the settings with every file that they name as seen from ``root``; ``~`` is the user's home."""
    changes: dict[str, Any] = {}
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            changes[name] = rooted(value, root)
        elif isinstance(value, str) and _names_file(field):
            changes[name] = os.path.normpath(root / Path(value).expanduser())
    return settings.model_copy(update=changes)


def _names_file(field: FieldInfo) -> bool:
    """Say whether a field carries the mark, itself or in one arm of ``... | None``."""
    marks = [*field.metadata, *(m for arm in get_args(field.annotation) for m in getattr(arm, "__metadata__", ()))]
    return any(isinstance(mark, InWorkspace) for mark in marks)


def secret_values(settings: BaseModel) -> tuple[str, ...]:
    """Return every secret value that these settings hold, at any depth, in the order of the fields."""
    return tuple(_secrets_in(settings))


def _secrets_in(value: Any) -> list[str]:
    if isinstance(value, SecretStr):
        return [value.get_secret_value()]
    if isinstance(value, BaseModel):
        return [secret for name in type(value).model_fields for secret in _secrets_in(getattr(value, name))]
    return []
