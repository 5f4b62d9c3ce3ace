"""How options take a time in seconds."""

from __future__ import annotations

from math import isfinite
from typing import Any

import click

# A day: a longer wait means something else, and somewhere above it clocks overflow.
MOST = 86_400


class Seconds(click.FloatRange):
    """Seconds as a number, from ``least`` up to a day."""

    def __init__(self, least: float) -> None:
        super().__init__(least, MOST)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds. ``nan`` lies in no range, and no comparison shows that."""
        found = float(super().convert(value, param, ctx))
        if not isfinite(found):
            self.fail(f"{value} is no time.", param, ctx)
        return found
