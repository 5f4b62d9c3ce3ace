"""What people may write about Tamr Cloud: a connection."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reconcile.providers.connection import Secret, Strict, Transport, Url


class ApiKey(Strict):
    """An API key; it stands for one user (platform page 1.1)."""

    method: Literal["api_key"]
    api_key: Secret


class Connection(Transport):
    """One tenant."""

    provider: Literal["tamr"]
    base_url: Url = Field(description="https://{tenant}.tamr.cloud")
    auth: Annotated[ApiKey, Field()]
    max_jobs: Annotated[int, Field(ge=1, le=1000)] = Field(
        5, description="jobs that may run at once on this tenant, whoever started them; 5 unless Tamr raised it"
    )
