"""What is traced of a call: few names, the last status, and how often it was sent again."""

from __future__ import annotations

import pytest

from reconcile.providers.call_trace import route


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/services/data/v60.0/wave/asset/05v5e0000000006AAA/schedule", "/services/data/v60.0/wave/asset/{}/schedule"),
        ("/services/data/v60.0/wave/replicatedDatasets", "/services/data/v60.0/wave/replicatedDatasets"),
        ("/services/oauth2/token", "/services/oauth2/token"),
        ("/v1/workflow/status", "/v1/workflow/status"),
        ("/v1/workflow/000099-iowa-liquor-load-pda", "/v1/workflow/{}"),
        ("/v1/configuration/table-to-table/000099_Load_PDA", "/v1/configuration/table-to-table/{}"),
        ("/api/v1beta1/jobs/job_1:cancel", "/api/v1beta1/jobs/{}"),
        ("/x/Board_Pack/a%2Fb/", "/x/{}/{}/"),
        ("", ""),
    ],
)
def test_paths_without_the_names_of_objects(path: str, expected: str) -> None:
    assert route(path) == expected
