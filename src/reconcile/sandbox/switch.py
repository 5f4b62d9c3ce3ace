"""The switches: everything about the platforms that is unknown or varies, each with its values and its source.

Page names in brackets are the platform pages this sandbox was built from; H, M, L (for Tamr A, B, C) say how sure
they are. A default is the best documented or the most common behaviour.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from reconcile.sandbox.wire import CRM_ANALYTICS, TAILER, TAMR, Json

EVERYWHERE = "all"
"""The platform of a switch that is about all of them."""

Check = tuple[str, Callable[[object], bool]]
"""What values there are, in words, and a test of one."""


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch: `values` is a tuple of all values, or words and a test."""

    name: str
    platform: str
    default: Any
    values: tuple[Any, ...] | Check
    meaning: str

    def accepts(self, value: object) -> bool:
        """Return whether the switch can have this value; `True` is not `1` here."""
        if self._is_check():
            return bool(self.values[1](value))
        return any(value == each and type(value) is type(each) for each in self.values)

    def described(self) -> object:
        """Return the values for people: a list, or a sentence."""
        return self.values[0] if self._is_check() else list(self.values)

    def _is_check(self) -> bool:
        return len(self.values) == 2 and callable(self.values[1])


class Switches:
    """The current setting of every switch, read as `switches["put_response"]`."""

    def __init__(self) -> None:
        self._values: Json = {}
        self.reset()

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[Switch]:
        return iter(SWITCHES)

    def reset(self) -> None:
        """Set all to their defaults."""
        self._values = {each.name: _copy(each.default) for each in SWITCHES}

    def update(self, changes: Json) -> None:
        """Set several at once, or none: a ValueError lists what exists."""
        for name, value in changes.items():
            switch = _BY_NAME.get(name)
            if switch is None:
                raise ValueError(f"no switch {name!r}; there are: {', '.join(_BY_NAME)}")
            if not switch.accepts(value):
                raise ValueError(f"{name} cannot be {value!r}; values: {switch.described()}")
        self._values.update({name: _copy(value) for name, value in changes.items()})

    def as_json(self) -> Json:
        """Return name -> value."""
        return dict(self._values)

    def described(self) -> list[Json]:
        """Return every switch with value, default, values, platform and meaning."""
        return [
            {
                "name": each.name,
                "platform": each.platform,
                "value": self._values[each.name],
                "default": each.default,
                "values": each.described(),
                "meaning": each.meaning,
            }
            for each in SWITCHES
        ]

    def restore(self, saved: Json) -> None:
        """Take over what was saved before; a switch that no longer exists or a value it no longer has is dropped."""
        for name, value in saved.items():
            if name in _BY_NAME and _BY_NAME[name].accepts(value):
                self._values[name] = value


def _copy(value: Any) -> Any:
    return list(value) if isinstance(value, list) else dict(value) if isinstance(value, dict) else value


def _is_whole(value: object, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


_ON_OFF = (True, False)
_TEXTS: Check = ("a list of strings", _is_texts)
_SECONDS: Check = ("seconds, 0 or more", _is_seconds)
_COUNT: Check = ("a whole number of 1 or more", lambda value: _is_whole(value, 1))
_NUMBER: Check = ("a whole number of 0 or more", _is_whole)
_USES: Check = ("a whole number of 1 or more, or null", lambda value: value is None or _is_whole(value, 1))
_TEXT_OR_NULL: Check = ("text or null", lambda value: value is None or isinstance(value, str))
_TEXT: Check = ("text", lambda value: isinstance(value, str) and bool(value))

SWITCHES = (
    Switch(
        "date_header",
        EVERYWHERE,
        True,
        _ON_OFF,
        "every answer of a platform has a Date header, with the simulated time",
    ),
    # -- Salesforce CRM Analytics ----------------------------------------------------------------------------------
    Switch("access_tokens", CRM_ANALYTICS, ["sandbox-access-token"], _TEXTS, "tokens accepted without a login [crm 5]"),
    Switch("refresh_tokens", CRM_ANALYTICS, ["sandbox-refresh-token"], _TEXTS, "refresh tokens accepted [crm 5]"),
    Switch(
        "refresh_rotates",
        CRM_ANALYTICS,
        False,
        _ON_OFF,
        "a refresh answers with a new refresh token; the old one is void [crm 5]",
    ),
    Switch(
        "token_uses",
        CRM_ANALYTICS,
        None,
        _USES,
        "a token dies after so many calls; the real lifetime is a session policy [crm 5, H]",
    ),
    Switch(
        "jwt_public_key",
        CRM_ANALYTICS,
        None,
        _TEXT_OR_NULL,
        "PEM of the connected app's certificate key: then JWT signatures are verified (needs cryptography)",
    ),
    Switch(
        "user_zone",
        CRM_ANALYTICS,
        "America/Los_Angeles",
        _TEXT,
        "the calling user's zone, used when a PUT names none [crm 1.1, H]",
    ),
    Switch(
        "put_response",
        CRM_ANALYTICS,
        "empty",
        ("empty", "{}", "object"),
        "what PUT schedule answers with 200 [crm 1.3, H that it varies]",
    ),
    Switch("delete_status", CRM_ANALYTICS, 204, (204, 200), "what DELETE schedule answers [crm 1.3, M]"),
    Switch(
        "delete_unscheduled",
        CRM_ANALYTICS,
        "ok",
        ("ok", "404"),
        "DELETE where there is no schedule: undocumented [crm 1.3, L]",
    ),
    Switch("strict_fields", CRM_ANALYTICS, True, _ON_OFF, "unknown fields in a PUT are refused [crm 1.4, M]"),
    Switch(
        "timezone_alias",
        CRM_ANALYTICS,
        "accept",
        ("accept", "reject"),
        "the old spelling `timezone` in a PUT [crm 1.1, unknown]",
    ),
    Switch(
        "drop_fields",
        CRM_ANALYTICS,
        [],
        _TEXTS,
        "top-level fields that PUT accepts and silently does not keep (a client must notice)",
    ),
    Switch(
        "event_get_hides_trigger_rule",
        CRM_ANALYTICS,
        False,
        _ON_OFF,
        "GET schedule of an event schedule lacks triggerRule, as in one capture; lists have it [crm 1.2, M]",
    ),
    Switch(
        "never_scheduled_connector",
        CRM_ANALYTICS,
        "weekly_empty",
        ("weekly_empty", "days_only", "absent", "none"),
        "how a connector that never had a schedule looks [crm 1.2, H for all four]",
    ),
    Switch(
        "unscheduled_dataflow",
        CRM_ANALYTICS,
        "omitted",
        ("omitted", "blank"),
        "scheduleAttributes of an unscheduled dataflow in the list [crm 2.1, H for both]",
    ),
    Switch(
        "dataflow_string",
        CRM_ANALYTICS,
        "weekly_and_event_only",
        ("weekly_and_event_only", "all"),
        "which schedules have the readable compact form in the dataflow list; the form of the others is not "
        "documented: strange keys, or keys as in the REST shape [crm 2.1, unknown]",
    ),
    Switch(
        "list_lag",
        CRM_ANALYTICS,
        0,
        _SECONDS,
        "seconds for which lists still show the schedule from before a change; GET schedule is always current",
    ),
    Switch(
        "entity_encoding",
        CRM_ANALYTICS,
        True,
        _ON_OFF,
        "strings are HTML-escaped unless X-Chatter-Entity-Encoding: false is sent [crm 1.5, H]",
    ),
    Switch(
        "recipe_needs_format",
        CRM_ANALYTICS,
        True,
        _ON_OFF,
        "GET of one R3 recipe needs ?format=R3 [crm 2.2, H]; the error without it is assumed",
    ),
    Switch(
        "trailing_slash",
        CRM_ANALYTICS,
        "accept",
        ("accept", "404"),
        "a path that ends in a slash [crm 8, unknown]",
    ),
    Switch(
        "daily_api_requests",
        CRM_ANALYTICS,
        1_000_000,
        _COUNT,
        "the M of Sforce-Limit-Info; beyond it 403 REQUEST_LIMIT_EXCEEDED [crm 4, H]",
    ),
    Switch(
        "crm_permissions",
        CRM_ANALYTICS,
        ["PermissionsInsightsAppUser", "PermissionsInsightsAppEltEditor"],
        _TEXTS,
        "what UserPermissionAccess says that the caller may do [Object Reference, H]",
    ),
    Switch(
        "crm_query_records",
        CRM_ANALYTICS,
        2000,
        _COUNT,
        "records of a query at once; what is left has an address of its own [REST API guide, H: 2000 or fewer]",
    ),
    Switch(
        "start_returns_id",
        CRM_ANALYTICS,
        True,
        _ON_OFF,
        "starting a dataflow answers with the job's id; a real v49 answer had none [crm 3, H]",
    ),
    Switch(
        "crm_start_id",
        CRM_ANALYTICS,
        "job",
        ("job", "request"),
        "whose id a start answers with: the job's, or that of a 030 request, which is shown as long as it is queued; "
        "then only the job is there, made at the same time [crm 2.3, M: both ids are known, what follows is not]",
    ),
    Switch("crm_queued_seconds", CRM_ANALYTICS, 1, _SECONDS, "how long a job is Queued at least (simulated clock)"),
    Switch("crm_running_seconds", CRM_ANALYTICS, 2, _SECONDS, "how long a job is Running (simulated clock)"),
    Switch(
        "crm_stopping_seconds",
        CRM_ANALYTICS,
        0,
        _SECONDS,
        "how long a stopped job goes on; if it ends by itself before, it was not stopped [crm 3, unknown]",
    ),
    Switch(
        "crm_stop_status",
        CRM_ANALYTICS,
        "Cancelled",
        ("Cancelled", "Failure"),
        "how a stopped job ends [crm 3, H for both]",
    ),
    Switch("crm_recipes_at_once", CRM_ANALYTICS, 3, _COUNT, "recipes that run at once; the rest is Queued [crm 4, M]"),
    Switch(
        "crm_dataflows_at_once",
        CRM_ANALYTICS,
        2,
        _COUNT,
        "dataflows that run at once; 1 in a sandbox org or with a Growth licence [crm 4, M]",
    ),
    Switch("crm_syncs_at_once", CRM_ANALYTICS, 3, _COUNT, "data syncs that run at once [crm 4, M]"),
    Switch(
        "crm_daily_runs",
        CRM_ANALYTICS,
        60,
        _COUNT,
        "runs of two minutes or more in 24 hours, syncs not counted; then nothing runs [crm 4, M]",
    ),
    Switch(
        "crm_limit_reached",
        CRM_ANALYTICS,
        "job",
        ("job", "error"),
        "a start beyond that limit: a 030 job that failed, or 403 and no job [crm 4, unknown]",
    ),
    Switch(
        "crm_refused_start",
        CRM_ANALYTICS,
        "failure",
        ("failure", "queued"),
        "what the answer to a start says of its 030 job, which has failed in any case [crm 3, unknown]",
    ),
    Switch(
        "crm_job_lag_seconds",
        CRM_ANALYTICS,
        0,
        _SECONDS,
        "for so long after its start neither the list nor GET shows a job (simulated clock) [unknown]",
    ),
    Switch(
        "crm_progress",
        CRM_ANALYTICS,
        "fraction",
        ("fraction", "percent", "zero"),
        "a job's progress: up to 1, up to 100, or always 0.0 as in a capture [crm 2.2, H that it is not reliable]",
    ),
    Switch(
        "crm_unknown_status",
        CRM_ANALYTICS,
        None,
        _TEXT_OR_NULL,
        "a status to show instead of Running, such as Live [crm 3, M: may come]",
    ),
    Switch(
        "sync_source",
        CRM_ANALYTICS,
        "connector",
        ("connector", "empty"),
        "the source of a data sync's job: id and name of the connector, or blank as captured [crm 2.2, unknown]",
    ),
    Switch(
        "crm_sync_jobs",
        CRM_ANALYTICS,
        1,
        _COUNT,
        "how many jobs one data sync makes: in captures one for each object, labelled Account (SFDC_LOCAL) [crm 3, H]",
    ),
    Switch("crm_sync_failing", CRM_ANALYTICS, 0, _NUMBER, "how many jobs of each data sync fail, the last ones"),
    # -- Tailer ----------------------------------------------------------------------------------------------------
    Switch("tailer_tokens", TAILER, [], _TEXTS, "Bearer tokens accepted besides well-formed JWTs [tailer 1.2]"),
    Switch(
        "ko_style",
        TAILER,
        "http_text",
        ("http_text", "http_json", "ok_status_message", "ok_status_code"),
        "how a refusal looks: non-200 text, non-200 JSON, 200 with the reason as message, 200 with code and "
        '"ko" [tailer 3, unknown]',
    ),
    Switch(
        "ok_style",
        TAILER,
        "message",
        ("message", "code"),
        'the setter\'s success: {"message":"ok"}, or with code and data as the reset has it [tailer 1.1, H]',
    ),
    Switch("ok_case", TAILER, "lower", ("lower", "upper", "title"), "spelling of the ok message [tailer 3]"),
    Switch(
        "create_unknown",
        TAILER,
        False,
        _ON_OFF,
        "setting flags of an unknown id creates it instead of failing [tailer 6, unknown]",
    ),
    Switch(
        "tailer_lookup",
        TAILER,
        "identity",
        ("identity", "id_only"),
        "whether account and environment take part in finding a configuration [tailer 6, unknown]",
    ),
    Switch(
        "partial_flags",
        TAILER,
        "accept",
        ("accept", "reject"),
        "a setter call with only one of the two flags [tailer 6, unknown]",
    ),
    Switch("both_flags", TAILER, "accept", ("accept", "reject"), "activated and archived both true [tailer 6]"),
    Switch(
        "unarchive",
        TAILER,
        "accept",
        ("accept", "reject"),
        "archived: false for an archived configuration by a normal user [tailer 6, unknown]",
    ),
    Switch(
        "ttt_deploy_keeps_flags",
        TAILER,
        True,
        _ON_OFF,
        "a table-to-table deploy takes the file's activated; false: it always comes back active [tailer 1.6, L]",
    ),
    Switch("tailer_run_seconds", TAILER, 2, _SECONDS, "how long a run is RUNNING (simulated clock)"),
    Switch("tailer_waiting_seconds", TAILER, 0, _SECONDS, "how long a run is WAITING at least (simulated clock)"),
    Switch(
        "tailer_run_lag_seconds",
        TAILER,
        0,
        _SECONDS,
        "for so long after its launch the results lack a run (simulated clock) [unknown]",
    ),
    Switch(
        "tailer_lists",
        TAILER,
        "all",
        ("all", "no_waiting", "no_deactivated", "neither"),
        "whether get_last_status and get_by_status have WAITING and DEACTIVATED runs [tailer 6, unknown]",
    ),
    Switch(
        "tailer_default_limit",
        TAILER,
        3,
        _COUNT,
        "rows of get_last_status without limit; both samples have three [tailer 1.1, L]",
    ),
    Switch(
        "tailer_type_names",
        TAILER,
        "as_sampled",
        ("as_sampled", "documented", "internal"),
        "table-to-table or gbq-to-gbq in results: the samples of two actions differ [tailer 1.1, H]",
    ),
    Switch(
        "tailer_unknown_run",
        TAILER,
        "ko",
        ("ko", "empty"),
        "asking for an unknown run or configuration: a KO, or no results [tailer 4.5, L]",
    ),
    Switch(
        "tailer_unknown_status",
        TAILER,
        None,
        _TEXT_OR_NULL,
        "a status to show instead of RUNNING [tailer 2.2: two more than documented are known]",
    ),
    Switch(
        "tailer_set_run_triggers",
        TAILER,
        True,
        _ON_OFF,
        "setting a run to SUCCESS counts for workflows as its own success does [tailer 2.3, inferred]",
    ),
    # -- Tamr Cloud ------------------------------------------------------------------------------------------------
    Switch("tamr_keys", TAMR, ["apk_sandbox"], _TEXTS, "X-API-KEY values accepted [tamr 1.1]"),
    Switch("tamr_concurrency", TAMR, 5, _COUNT, "jobs at a time; one more is refused with 429 [tamr 1.7, A]"),
    Switch(
        "tamr_counts",
        TAMR,
        "not_done",
        ("not_done", "running"),
        "which jobs count for that limit [tamr 1.7, unknown]",
    ),
    Switch("tamr_retry_after", TAMR, None, _USES, "Retry-After seconds on 429, null for none [tamr 1.7, A: absent]"),
    Switch("tamr_no_error", TAMR, "absent", ("absent", "null"), "how an unset error appears [tamr 1.3, B]"),
    Switch("tamr_empty_ids", TAMR, "absent", ("absent", "empty"), "how an unset id appears [tamr 1.4, B]"),
    Switch(
        "tamr_unknown_resource",
        TAMR,
        "404",
        ("404", "400", "planning_failed"),
        "creating a job for an id nobody knows [tamr 1.9, unknown]",
    ),
    Switch(
        "tamr_busy",
        TAMR,
        "accept",
        ("accept", "409"),
        "creating a job while the same work is under way [tamr 1.7, unknown]",
    ),
    Switch(
        "tamr_error_style",
        TAMR,
        "documented",
        ("documented", "gateway"),
        "a refusal has statusCode and message, or code, message and details as a plain gRPC gateway has [tamr 1.7, B]",
    ),
    Switch(
        "tamr_filter",
        TAMR,
        "supported",
        ("supported", "unknown_400", "ignored"),
        "the list's parameter filter: older tenants may refuse it, or list as if it were not there [tamr 1.6, B]",
    ),
    Switch(
        "tamr_page_above_30",
        TAMR,
        "coerce",
        ("coerce", "400"),
        "a pageSize above the maximum: answered with 30, or refused [tamr 1.6, unknown]",
    ),
    Switch(
        "tamr_get_lag_seconds",
        TAMR,
        0,
        _SECONDS,
        "for so long after its creation GET of a job answers 404 (simulated clock) [tamr 5, unknown]",
    ),
    Switch(
        "tamr_list_lag_seconds",
        TAMR,
        0,
        _SECONDS,
        "for so long after its creation the list lacks a job (simulated clock) [tamr 5, unknown]",
    ),
    Switch("tamr_extra_fields", TAMR, False, _ON_OFF, "JSON has fields that nobody knows yet [tamr 1.1, A: may come]"),
    Switch(
        "tamr_unknown_state",
        TAMR,
        None,
        _TEXT_OR_NULL,
        "a state to show instead of RUNNING, such as QUEUED_FOR_PLANNING [tamr 1.1, A: may come]",
    ),
    Switch("tamr_pending_seconds", TAMR, 1, _SECONDS, "how long a job is PENDING (simulated clock)"),
    Switch("tamr_running_seconds", TAMR, 2, _SECONDS, "how long a job is RUNNING (simulated clock)"),
    Switch("tamr_stopping_seconds", TAMR, 1, _SECONDS, "how long a stopped job is STOPPING (simulated clock)"),
)
_BY_NAME = {each.name: each for each in SWITCHES}
