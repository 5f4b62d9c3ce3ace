"""Dagster: the schedules of a workspace as an asset that is made by applying it, and a check that looks for drift.

Needs Dagster 1.6 or later and ``pip install 'reconcile[jwt]'``.
"""

from __future__ import annotations

import reconcile

try:
    from dagster import (
        AssetCheckResult,
        AssetCheckSeverity,
        Definitions,
        Failure,
        MaterializeResult,
        MetadataValue,
        asset,
        asset_check,
    )
except ImportError as error:  # pragma: no cover - said where the file is read by something else than Dagster
    raise ImportError("this file is read by Dagster, which is not installed here") from error

WORKSPACE = "desired_state"
ENVIRONMENT = "prod"


@asset(group_name="platforms")
def schedules() -> MaterializeResult:
    """Make live what the files say."""
    workspace = reconcile.load(WORKSPACE, env=ENVIRONMENT, program="dagster")
    applied = workspace.apply(workspace.plan())
    if applied.verdict is not reconcile.Verdict.DONE:
        raise Failure(description=applied.to_text(), allow_retries=False)
    return MaterializeResult(
        metadata={"changes": len(applied.results), "result": MetadataValue.md(applied.to_markdown())}
    )


@asset_check(asset=schedules)
def no_drift() -> AssetCheckResult:
    """Fail when somebody moved something on the platform, or when it cannot be said."""
    found = reconcile.load(WORKSPACE, env=ENVIRONMENT, program="dagster").drift()
    return AssetCheckResult(
        passed=not found.failed and not found.drift,
        severity=AssetCheckSeverity.ERROR if found.failed else AssetCheckSeverity.WARN,
        metadata={"drift": MetadataValue.md(found.to_markdown())},
    )


defs = Definitions(assets=[schedules], asset_checks=[no_drift])
