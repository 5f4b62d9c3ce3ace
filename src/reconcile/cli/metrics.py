"""What an operator alarms on, as numbers, and their text for Prometheus. One ``Meter`` a process, no global state.

The numbers are kept in plain dictionaries whose keys are connections, classes and results, so they do not grow with
rounds. ``prometheus_client`` writes them down, and is imported only when they are asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from reconcile import __version__

if TYPE_CHECKING:
    from prometheus_client.core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """A metric: its name, what it tells, its labels. One that ``counts`` only ever goes up within a process."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    counts: bool = False


DRIFT = Meaning("reconcile_drift_objects", "Objects that drifted, by the side that moved.", ("connection", "class"))
PENDING = Meaning("reconcile_pending_changes", "Changes of the files that are not applied, which are no drift.")
ACKNOWLEDGED = Meaning("reconcile_acknowledged_objects", "Objects that drifted, and are accepted for a while.")
UNREAD = Meaning("reconcile_unread_objects", "Objects that could not be looked at.", ("connection",))
SEEN = Meaning("reconcile_compared_objects", "Recorded objects that were compared with what is live.")
CHECK_SECONDS = Meaning("reconcile_check_duration_seconds", "How long the last check took.")
CHECKED_AT = Meaning("reconcile_last_check_timestamp_seconds", "When the last check ended, whatever came of it.")
SUCCESS_AT = Meaning("reconcile_last_success_timestamp_seconds", "When a check last said what has drifted.")
ROUNDS = Meaning("reconcile_rounds", "Rounds of a watch.", ("result",), counts=True)
SKIPPED = Meaning("reconcile_rounds_skipped", "Rounds left out because the one before took too long.", counts=True)
ALERTS = Meaning("reconcile_alerts", "Alerts.", ("result",), counts=True)
REQUESTS = Meaning("reconcile_http_requests", "Calls to a platform.", ("connection", "status"), counts=True)
RETRIES = Meaning("reconcile_http_retries", "Calls that were sent again.", ("connection",), counts=True)
CHANGES = Meaning("reconcile_plan_changes", "Changes of the last plan.", ("connection", "action"))
REFUSALS = Meaning("reconcile_plan_refusals", "Guards that refuse the last plan.")
RESULTS = Meaning("reconcile_apply_changes", "Changes of the last apply, by how they ended.", ("connection", "outcome"))
COMMAND_CODE = Meaning("reconcile_command_exit_code", "Exit code of the command.", ("command",))
COMMAND_SECONDS = Meaning("reconcile_command_duration_seconds", "How long the command took.", ("command",))
COMMAND_AT = Meaning("reconcile_command_timestamp_seconds", "When the command ended.", ("command",))
INFO = Meaning("reconcile_build_info", "The program.", ("version",))

MEANINGS = (
    *(DRIFT, ACKNOWLEDGED, PENDING, UNREAD, SEEN, CHECK_SECONDS, CHECKED_AT, SUCCESS_AT),
    *(ROUNDS, SKIPPED, ALERTS, REQUESTS, RETRIES),
    *(CHANGES, REFUSALS, RESULTS, COMMAND_CODE, COMMAND_SECONDS, COMMAND_AT, INFO),
)


class Meter:
    """The numbers so far. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._values: dict[Meaning, dict[Key, float]] = {INFO: {(__version__,): 1}}

    def put(self, meaning: Meaning, value: float, *labels: str) -> None:
        """Set one value."""
        with self._lock:
            self._values.setdefault(meaning, {})[labels] = value

    def put_all(self, meaning: Meaning, values: Mapping[Key, float]) -> None:
        """Set all the values of a metric; what it had before is gone."""
        with self._lock:
            self._values[meaning] = dict(values)

    def count(self, meaning: Meaning, amount: float, *labels: str) -> None:
        """Add to one value. Adding 0 makes it known: an alarm on a rise needs to have seen the beginning."""
        with self._lock:
            of_meaning = self._values.setdefault(meaning, {})
            of_meaning[labels] = of_meaning.get(labels, 0) + amount

    def value(self, meaning: Meaning, *labels: str) -> float | None:
        """Return one value; None when it is not known."""
        with self._lock:
            return self._values.get(meaning, {}).get(labels)

    def text(self) -> str:
        """Return the numbers in Prometheus' text format, sorted by name."""
        from prometheus_client import CollectorRegistry, generate_latest

        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry).decode()

    def collect(self) -> Iterator[Metric]:
        """Yield the numbers as ``prometheus_client`` wants them."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        with self._lock:
            values = {meaning: dict(found) for meaning, found in self._values.items()}
        for meaning in sorted(values, key=lambda each: each.name):
            family: Any = CounterMetricFamily if meaning.counts else GaugeMetricFamily
            metric = family(meaning.name, meaning.help, labels=meaning.labels)
            for labels, value in sorted(values[meaning].items()):
                metric.add_metric(labels, value)
            yield metric


def counted(keys: Iterable[Key]) -> dict[Key, float]:
    """Return how often each key is there."""
    return {key: float(count) for key, count in Counter(keys).items()}
