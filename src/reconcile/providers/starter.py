"""What a new workspace says of each built-in platform: its settings, its ways to log in, and a first example.

Secrets are environment variables here and nowhere a value: nobody is asked for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of a connection. ``variable`` is the environment variable that it comes from when no value is given.

    ``question`` is asked in a terminal; empty where nobody is asked. ``default`` is taken without an answer.
    """

    key: str
    variable: str = ""
    question: str = ""
    default: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """One way to log in: its name, what it needs, and in a few words who it is for."""

    name: str
    settings: tuple[Setting, ...]
    what: str


@dataclass(frozen=True, slots=True)
class Platform:
    """One platform. ``connection`` is what a connection to it is called unless told otherwise.

    ``methods`` begin with the usual one. ``section`` is what a desired-state file begins with, ``example`` an entry of
    it as text, to stand in a comment.
    """

    provider: str
    title: str
    connection: str
    settings: tuple[Setting, ...]
    methods: tuple[Method, ...]
    section: str
    nothing: str
    example: tuple[str, ...]

    def method(self, name: str | None) -> Method | None:
        """Return the method of this name, the usual one for None; None when there is none."""
        return next((each for each in self.methods if name in (None, each.name)), None)


_CRM_METHODS = (
    Method(
        "client_credentials",
        (Setting("client_id", "SF_CLIENT_ID"), Setting("client_secret", "SF_CLIENT_SECRET")),
        "an app's own user; for CI",
    ),
    Method(
        "jwt_bearer",
        (
            Setting("client_id", "SF_CLIENT_ID"),
            Setting("username", "SF_USERNAME"),
            Setting("private_key", "SF_PRIVATE_KEY"),
        ),
        "a user and a key; for CI",
    ),
    Method("sf_cli", (Setting("org", "SF_ORG"),), "the session of the sf program"),
    Method(
        "refresh_token",
        (Setting("client_id", "SF_CLIENT_ID"), Setting("refresh_token", "SF_REFRESH_TOKEN")),
        "an earlier login in the browser",
    ),
    Method("access_token", (Setting("access_token", "SF_ACCESS_TOKEN"),), "a session that somebody else opened"),
)

PLATFORMS: Mapping[str, Platform] = {
    each.provider: each
    for each in (
        Platform(
            "crm_analytics",
            "CRM Analytics",
            "sales",
            (Setting("instance_url", "SF_INSTANCE_URL", "URL of the org (https://MYDOMAIN.my.salesforce.com)"),),
            _CRM_METHODS,
            "schedules",
            "[]",
            (
                "- recipe: Board_Pack",
                "  frequency: weekly",
                "  days_of_week: [Monday]",
                '  time: "06:00"',
                "  timezone: America/Los_Angeles",
            ),
        ),
        Platform(
            "tailer",
            "Tailer",
            "tailer",
            (
                Setting("account", "TAILER_ACCOUNT", "Account (six digits)"),
                Setting("environment", "", "Environment (PROD, PREPROD, STAGING, DEV)", "DEV"),
            ),
            (
                Method("token", (Setting("token", "TAILER_API_JWT"),), "a token of an hour that somebody else made"),
                Method("tailer_cli", (), "the login of the tailer program"),
                Method("service_account", (Setting("key_file", "TAILER_KEY_FILE"),), "a service account's key; for CI"),
            ),
            "configurations",
            "[]",
            (
                "- type: table-to-table",
                "  id: 000099_Load_PDA_f_traffic_ma_DEV",
                "  activated: true",
                "  archived: false",
            ),
        ),
        Platform(
            "tamr",
            "Tamr Cloud",
            "tamr",
            (Setting("base_url", "TAMR_URL", "URL of the tenant (https://TENANT.tamr.cloud)"),),
            (Method("api_key", (Setting("api_key", "TAMR_API_KEY"),), "an API key"),),
            "pipelines",
            "{}",
            (
                "refresh:",
                "  steps:",
                "    source: {tamr.load: {source: src_a}}",
                "    product: {tamr.update: {data_product: dp_xyz}, needs: [source]}",
            ),
        ),
    )
}
