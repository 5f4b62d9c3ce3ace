"""What an entry has to say so that it asks for what is live."""

import pytest

from reconcile.core.accept import Unseen, accepted_changes
from reconcile.core.snapshot import Value, Values
from reconcile.providers.crm_analytics.schedule import ScheduleKind

from .cases import DAILY, EVENT, HIDDEN, NONE, RULE, WEEK, WEEKLY, A, shown

KIND = ScheduleKind()
GONE = None


@pytest.mark.parametrize(
    ("desired", "live", "changes"),
    [
        pytest.param(DAILY, DAILY, {}, id="the same"),
        pytest.param(DAILY, {**DAILY, "time": "02:00"}, {"time": "02:00"}, id="a value"),
        pytest.param(DAILY, {**DAILY, "notification_level": "never"}, {}, id="not managed"),
        pytest.param({**DAILY, "notification_level": "never"}, DAILY, {"notification_level": GONE}, id="gone"),
        pytest.param(NONE, NONE, {}, id="still nothing"),
        pytest.param(DAILY, NONE, {"frequency": "none", "time": GONE, "timezone": GONE}, id="deleted"),
        pytest.param(NONE, DAILY, dict(DAILY), id="came about"),
        pytest.param(DAILY, {**DAILY, "timezone": "Etc/UTC"}, {}, id="another name of the same zone"),
        pytest.param(
            DAILY, {**DAILY, "frequency": "weekly", "days_of_week": WEEK}, {}, id="daily as the platform has it"
        ),
        pytest.param(
            DAILY,
            {**WEEKLY, "notification_level": "never"},
            {
                "frequency": "weekly",
                "days_of_week": ("Monday", "Thursday"),
                "time": "00:45",
                "notification_level": "never",
            },
            id="another shape is taken whole",
        ),
        pytest.param(
            {"frequency": "hourly", "hourly_interval": 3, "time": "00:45"},
            WEEKLY,
            {
                "frequency": "weekly",
                "days_of_week": ("Monday", "Thursday"),
                "timezone": "UTC",
                "hourly_interval": GONE,
            },
            id="what was optional is needed now",
        ),
    ],
)
def test_changes(desired: Values, live: Values, changes: dict[str, Value]) -> None:
    assert accepted_changes(KIND, desired, shown(A, live)) == changes


def test_what_the_platform_hides_stays_as_the_file_has_it() -> None:
    assert accepted_changes(KIND, EVENT, shown(A, HIDDEN, unknown=RULE)) == {}


def test_what_the_platform_hides_cannot_be_made_up() -> None:
    with pytest.raises(Unseen, match="trigger_rule"):
        accepted_changes(KIND, DAILY, shown(A, HIDDEN, unknown=RULE))
