"""JSON documents that say which version of their format they are in, and what happens to older and newer ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import StateDamaged, StateTooNew

STRICT = ConfigDict(extra="forbid", strict=True)


class Document(BaseModel):
    """A file, or part of one, as it is read: every key is known, every type is what it says."""

    model_config = STRICT


T = TypeVar("T", bound=Document)

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)


@dataclass(frozen=True, slots=True)
class Family(Generic[T]):
    """One sort of document through all its versions.

    ``what`` ("state", "lock", "journal") begins the codes of its errors, ``version`` is the one written today,
    ``schema`` its shape (which holds ``format`` as a literal). ``upgrades[n]`` makes version n + 1 of version n.
    """

    what: str
    version: int
    schema: type[T]
    upgrades: Mapping[int, Upgrade] = field(default_factory=dict)

    @property
    def format(self) -> str:
        """The value of ``format`` in what is written today."""
        return f"reconcile.{self.what}/{self.version}"

    def parse(self, data: bytes, place: str, hint: str) -> T:
        """Return the document in ``data``, brought to today's version.

        Raises ``StateTooNew`` for a version that this program does not know yet, ``StateDamaged`` (with ``hint`` as
        the way out) for anything else that is not such a document.
        """
        try:
            return self.schema.model_validate_json(data)
        except ValidationError as error:
            reason = _first(error)
        # Only now is it worth asking why; what is fine pays for no second look.
        document = self._object(data, place, hint)
        found = self._version(document, place, hint)
        if found > self.version:
            raise StateTooNew(self._too_new(found, place))
        if found == self.version:
            raise self.damaged(place, reason, hint)
        return self._upgraded(document, found, place, hint)

    def damaged(self, place: str, reason: str, hint: str) -> StateDamaged:
        """Return the error that says that this document cannot be read, and why."""
        summary = f"The {self.what} is damaged"
        detail = f"{place} cannot be read: {reason}."
        return StateDamaged(Diagnostic(code=f"{self.what}-damaged", summary=summary, detail=detail, hint=hint))

    def _object(self, data: bytes, place: str, hint: str) -> dict[str, Any]:
        try:
            document = json.loads(data)
        except (ValueError, RecursionError) as error:
            reason = "it is empty" if not data else f"it is not JSON, or cut short ({str(error).splitlines()[0]})"
            raise self.damaged(place, reason, hint) from None
        if not isinstance(document, dict):
            raise self.damaged(place, "it holds no JSON object", hint)
        return document

    def _version(self, document: dict[str, Any], place: str, hint: str) -> int:
        name, _, number = str(document.get("format")).partition("/")
        if name != f"reconcile.{self.what}" or not (number.isascii() and number.isdecimal()):
            raise self.damaged(place, f'it does not say `"format": "{self.format}"`', hint)
        return int(number)

    def _upgraded(self, document: dict[str, Any], found: int, place: str, hint: str) -> T:
        for version in range(found, self.version):
            upgrade = self.upgrades.get(version)
            if upgrade is None:
                raise self.damaged(place, f"there never was a version {found} of it", hint)
            try:
                document = {**upgrade(document), "format": f"reconcile.{self.what}/{version + 1}"}
            except (LookupError, TypeError, ValueError, AttributeError):
                # An upgrade is written for documents of its version; whatever else it is given is damaged.
                raise self.damaged(place, f"it is not what version {version} was", hint) from None
        try:
            return self.schema.model_validate_json(encode(document))
        except ValidationError as error:
            raise self.damaged(place, _first(error), hint) from None

    def _too_new(self, found: int, place: str) -> Diagnostic:
        return Diagnostic(
            code=f"{self.what}-too-new",
            summary=f"A newer version of reconcile wrote the {self.what}",
            detail=f"{place} has format reconcile.{self.what}/{found}; this program knows up to {self.format}.",
            hint="upgrade the program; nothing was changed",
        )


def encode(document: object) -> bytes:
    """Return compact JSON with sorted keys: the same document gives the same bytes.

    Half a surrogate pair (a file name or an answer in some other encoding) becomes ``?``: no reader would take it.
    """
    return _ENCODER.encode(document).encode(errors="replace")


def _first(error: ValidationError) -> str:
    # Never the input: whatever is in a damaged file does not belong on a screen or in a log.
    found = error.errors(include_input=False, include_context=False, include_url=False)[0]
    where = ".".join(str(part) for part in found["loc"])
    return f"{where}: {found['msg']}" if where else found["msg"]
