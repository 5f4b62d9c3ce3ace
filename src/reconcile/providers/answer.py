"""What a platform answered, as a value, and its words made fit to show."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from reconcile.core.errors import BadAnswer

# Long enough for a platform's own sentence, short enough for one object among hundreds in a report.
LONGEST_EXCERPT = 300


def _as_is(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. ``headers`` looks names up in any case; ``place`` names the call for people.

    The text is not in the ``repr``: an answer to a login holds a token.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)
    place: str = ""
    redact: Callable[[str], str] = field(default=_as_is, repr=False, compare=False)

    @property
    def is_success(self) -> bool:
        """Say whether the status is one of 200 to 299."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the body as JSON. Raises ``BadAnswer`` when it is none: a login page, nothing at all."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            raise BadAnswer(
                f"{self.place}: the answer is no JSON: {self.excerpt() or 'it is empty'}",
                hint="check that the connection's URL is the platform's API, and not a web page or a proxy",
                status=self.status,
            ) from None

    def excerpt(self) -> str:
        """Return the beginning of the body as one clean line; empty when there is nothing to show."""
        return shown(self.redact(self.text))


def shown(text: str) -> str:
    """Return ``text`` as one line without markup and control characters, cut to a readable length.

    Secrets must be out of it before: half a token, where the cut falls, is known to no redactor.
    Bodies of error pages are written by anybody: an escape sequence in one must not reach a terminal.
    """
    # Cut before the work: an error page may be megabytes, and the first screen of it says enough.
    text = text[:20_000]
    if re.search(r"<(?:!doctype|html|head|body|h1|p)\b", text, re.IGNORECASE):
        text = re.sub(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", " ", text, flags=re.IGNORECASE | re.DOTALL)
        text = unescape(re.sub(r"<[^>]*>", " ", text))
    text = "".join(c if c.isprintable() else " " for c in text)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_EXCERPT else text[: LONGEST_EXCERPT - 1].rstrip() + "…"
