"""What is going to happen to the next jobs or runs: steps written by whoever drives the sandbox, used up in order."""

from collections.abc import Callable, Mapping
from typing import Any

from reconcile.sandbox.wire import Json

Fields = Mapping[str, Callable[[object], bool]]
"""What a step may say beside `times`: name -> a test of its value."""


class Scripts:
    """Steps by key. A step counts for `times` jobs (null: for all that follow), then comes the next one."""

    def __init__(self) -> None:
        self._steps: dict[str, list[Json]] = {}

    def write(self, key: str, steps: list[Json]) -> None:
        """Replace what is written for a key; an empty list leaves the defaults."""
        self._steps.pop(key, None)
        if steps:
            self._steps[key] = [dict(step) for step in steps]

    def take(self, *keys: str) -> Json:
        """Return the step for the next job, of the first key that has one, and use it up; {} when there is none."""
        steps = next((self._steps[key] for key in keys if self._steps.get(key)), [])
        if not steps:
            return {}
        step = steps[0]
        if step.get("times") is not None:
            step["times"] -= 1
            if step["times"] == 0:
                steps.pop(0)
        return {name: value for name, value in step.items() if name != "times"}

    def as_json(self) -> Json:
        """Return what is still to come, by key."""
        return {key: [dict(step) for step in steps] for key, steps in self._steps.items() if steps}

    def restore(self, saved: Json) -> None:
        """Replace everything by what was saved."""
        self._steps = {key: [dict(step) for step in steps] for key, steps in saved.items()}


def parse_steps(given: Any, fields: Fields) -> list[Json]:
    """Return the steps of a value from outside: one object, a list of them, or null for none; else a ValueError."""
    if given is None:
        return []
    return [_parsed(dict(step), fields) for step in (given if isinstance(given, list) else [given])]


def _parsed(step: Json, fields: Fields) -> Json:
    for name, value in step.items():
        if name != "times" and name not in fields:
            raise ValueError(f"unknown key {name!r}; there are: {', '.join(sorted([*fields, 'times']))}")
        if name == "times":
            right = value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0)
        else:
            right = fields[name](value)
        if not right:
            raise ValueError(f"{name} cannot be {value!r}")
    return step


def is_text(value: object) -> bool:
    """Return whether the value is a text that is not blank."""
    return isinstance(value, str) and bool(value.strip())


def is_seconds(value: object) -> bool:
    """Return whether the value is a number of seconds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
