"""Conditions on jobs, each twice: in the platform's filter language, and as a test of what it answers. Pure.

The test is not there to narrow: it tells whether a tenant can have applied the filter at all. Language: platform page
1.6; ``OR`` binds tighter than ``AND`` there (AIP-160), so every part stands in parentheses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reconcile.core.operation import JobQuery, JobState, Order
from reconcile.providers.tamr.convert import IDS, Seen

# Words that a filter may compare the state with; another one is refused, as it is no member of the enum.
WORDS = ("PENDING", "RUNNING", "STOPPING", "DONE")
# ``create_time()`` and what we take for it, the oldest time of a job, may differ by a little; a filter that is
# ignored shows jobs of all ages.
_LEEWAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. ``fits`` says whether a tenant that applied ``text`` can have answered this job.

    ``single`` says that the text is one comparison, which needs no parentheses among others of its kind.
    """

    text: str
    fits: Callable[[Seen], bool]
    single: bool = True


def all_of(*conditions: Condition) -> Condition:
    """Return the condition that all of these hold; its text is empty when there is none."""
    texts = dict.fromkeys(each.text for each in conditions)
    text = " AND ".join(f"({text})" for text in texts) if len(texts) > 1 else "".join(texts)
    return Condition(text, lambda seen: all(each.fits(seen) for each in conditions), single=False)


def any_of(*conditions: Condition) -> Condition:
    """Return the condition that one of these holds."""
    if len(conditions) == 1:
        return conditions[0]
    texts = dict.fromkeys(each.text if each.single else f"({each.text})" for each in conditions)
    return Condition(" OR ".join(texts), lambda seen: any(each.fits(seen) for each in conditions), single=False)


def on_target(order: Order, since: datetime) -> Condition:
    """Return the condition for jobs of this work that are not over, or were made at or after ``since``."""
    type_ = order.operation.removeprefix("tamr.")
    ids = (_id(type_, ours, str(value)) for ours, value in order.settings.items())
    return all_of(*ids, any_of(NOT_DONE, _made_since(since)))


def on_subject(order: Order) -> Condition:
    """Return the condition for jobs with this order's subject; a data product is updated and published."""
    settings = order.settings
    if "data_product" in settings:
        return _setting("data_product", str(settings["data_product"]))
    return any_of(*(_setting(ours, str(value)) for ours, value in settings.items()))


def asked(query: JobQuery) -> Condition:
    """Return a condition that leaves out none of the jobs asked for, and as few others as can be said.

    ``query.expression`` is part of it, as it is; whether a job fits it cannot be told from here.
    """
    types = [query.operation.removeprefix("tamr.")] if query.operation else list(IDS)
    conditions = [_of_type(types[0])] if query.operation else []
    conditions += [_setting(ours, value, types) for ours, value in query.settings.items()]
    if query.states:
        conditions.append(any_of(*(_STATES[state] for state in sorted(query.states))))
    words = sorted({word.upper() for word in query.words})
    if words and set(words) <= set(WORDS):
        conditions.append(any_of(*(_in_state(word) for word in words)))
    if query.since is not None:
        conditions.append(_made_since(query.since))
    if query.until is not None:
        conditions.append(_made_before(query.until))
    if query.expression.strip():
        conditions.append(Condition(query.expression.strip(), lambda seen: True))
    return all_of(*conditions)


def matches(seen: Seen, query: JobQuery) -> bool:
    """Say whether a job is one of those asked for, the platform's own expression aside."""
    job = seen.job
    return (
        (not query.operation or job.operation == query.operation)
        and all(seen.ids.get(ours) == value for ours, value in query.settings.items())
        and (not query.states or job.state in query.states)
        and (not query.words or job.platform_state.upper() in {word.upper() for word in query.words})
        and (query.since is None or (seen.created is not None and seen.created >= query.since))
        and (query.until is None or (seen.created is not None and seen.created < query.until))
    )


def _of_type(type_: str) -> Condition:
    return Condition(f"configuration:{type_}", lambda seen: seen.type == type_)


def _setting(ours: str, value: str, types: list[str] | None = None) -> Condition:
    return any_of(*(_id(type_, ours, value) for type_ in types or IDS if ours in IDS[type_]))


def _id(type_: str, ours: str, value: str) -> Condition:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    text = f'configuration.{type_}.{ours}_id = "{escaped}"'
    return Condition(text, lambda seen: seen.type == type_ and seen.ids.get(ours) == value)


def _in_state(word: str) -> Condition:
    return Condition(f"status.state = {word}", lambda seen: seen.job.platform_state.upper() == word)


def _made_since(moment: datetime) -> Condition:
    text = f'create_time() >= "{_rfc3339(moment)}"'
    return Condition(text, lambda seen: seen.created is None or seen.created >= moment - _LEEWAY)


def _made_before(moment: datetime) -> Condition:
    text = f'create_time() < "{_rfc3339(moment + _SECOND)}"'
    return Condition(text, lambda seen: seen.created is None or seen.created < moment + _LEEWAY)


def _rfc3339(moment: datetime) -> str:
    """Return UTC in whole seconds, rounded down."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _not_in_state(word: str) -> Condition:
    return Condition(f"status.state != {word}", lambda seen: seen.job.platform_state.upper() != word)


NOT_DONE = _not_in_state("DONE")
# Whatever ended badly: an empty error may count as one there, and does not here.
_WITH_ERROR = Condition(
    "status:error", lambda seen: seen.job.error is not None or seen.job.platform_state.upper() == "DONE"
)
_STATES = {
    JobState.PENDING: _in_state("PENDING"),
    JobState.RUNNING: any_of(_in_state("RUNNING"), _in_state("STOPPING")),
    JobState.SUCCEEDED: _in_state("DONE"),
    JobState.FAILED: _WITH_ERROR,
    JobState.STOPPED: _WITH_ERROR,
    JobState.UNKNOWN: all_of(*(_not_in_state(word) for word in WORDS)),
}
