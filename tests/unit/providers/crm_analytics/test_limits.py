"""What an org allows: the settings' word, the org's own, and what is documented."""

from typing import Any

import pytest
from pydantic import ValidationError

from reconcile.providers.crm_analytics.experience import told_by
from reconcile.providers.crm_analytics.kinds import Connection
from reconcile.providers.crm_analytics.limits import DAILY_RUNS, DATAFLOWS, DEPENDENTS, RECIPES, SYNCS
from reconcile.providers.crm_analytics.provider import PROVIDER


def connection(**limits: Any) -> Connection:
    auth = {"method": "access_token", "access_token": "x"}
    more = {"limits": limits} if limits else {}
    return Connection.model_validate(
        {"provider": "crm_analytics", "instance_url": "https://acme.my.salesforce.com", "auth": auth, **more}
    )


def test_without_settings_it_is_what_is_documented() -> None:
    assert PROVIDER.limits(connection()) == (DAILY_RUNS, RECIPES, DATAFLOWS, SYNCS, DEPENDENTS)


def test_the_settings_come_before_what_is_documented() -> None:
    found = PROVIDER.limits(connection(runs_a_day=120, dataflows=1, recipes=4, data_syncs=2))
    assert [each.most for each in found] == [120, 4, 1, 2, 5]
    assert {each.source for each in found[:4]} == {"limits of the connection"}
    assert [each.name for each in found[:4]] == [each.name for each in (DAILY_RUNS, RECIPES, DATAFLOWS, SYNCS)]
    assert found[0].free_below_seconds == 120
    one = PROVIDER.limits(connection(dataflows=1))
    assert [each.source == "limits of the connection" for each in one[:4]] == [False, False, True, False]


@pytest.mark.parametrize(
    "limits", [{"runs_a_day": 0}, {"recipes": -1}, {"dataflows": "2"}, {"runs": 5}, {"recipes": 1.5}]
)
def test_a_limit_is_a_whole_number_of_one_or_more(limits: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        connection(**limits)


def test_the_orgs_own_figure_names_where_it_is_from() -> None:
    (found,) = told_by({"DailyAnalyticsDataflowJobExecutions": {"Max": 90, "Remaining": 3}}).values()
    assert (found.name, found.most, found.pools) == (DAILY_RUNS.name, 90, DAILY_RUNS.pools)
    assert "DailyAnalyticsDataflowJobExecutions" in found.source


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"DailyAnalyticsDataflowJobExecutions": None},
        {"DailyAnalyticsDataflowJobExecutions": 60},
        {"DailyAnalyticsDataflowJobExecutions": {"Remaining": 3}},
        {"DailyAnalyticsDataflowJobExecutions": {"Max": "60"}},
        {"DailyAnalyticsDataflowJobExecutions": {"Max": True}},
        {"DailyAnalyticsDataflowJobExecutions": {"Max": 0, "Remaining": 0}},
        {"DailyAnalyticsDataflowJobExecutions": {"Max": -1}},
    ],
)
def test_an_org_that_tells_no_figure_leaves_what_is_documented(told: Any) -> None:
    assert told_by(told) == {}
