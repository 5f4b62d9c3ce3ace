"""Lists of Tamr jobs: filtered by the tenant or not, moving while they are read, and never read by halves."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from http_server import Reply, Seen
from tamr_tenant import LOAD, UPDATE, Json, Tenant, job, operating, ready, refusal

from reconcile.core.errors import BadAnswer, PlatformError, Rejected, Unavailable
from reconcile.core.operation import Job, JobQuery, JobState

NOON = datetime(2025, 12, 2, 12, tzinfo=UTC)
SINCE = NOON - timedelta(hours=1)
MODES = ["works", "refused", "ignored"]
FAILED = {"reason": "PLANNING_FAILED", "message": "m"}


def at(minutes: float) -> str:
    """Return the time so many minutes before noon."""
    return (NOON - timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def days(count: float) -> str:
    return at(count * 24 * 60)


def crowd(count: int, *, first: float = 0.0, step: float = 1.0, name: str = "other") -> list[Json]:
    """Return so many jobs of other work that are over, newest first, ``step`` minutes apart."""
    return [job(f"{name}_{n}", {"load": {"sourceId": "src_z"}}, at(first + step * n)) for n in range(count)]


def ids(jobs: Any) -> list[str]:
    return [each.id for each in jobs]


MIXED = [
    job("new", LOAD, at(1), state="PENDING"),
    job("other", UPDATE, at(2), state="RUNNING"),
    job("done", LOAD, at(5), error=FAILED),
    *crowd(70, first=6, step=0.1),
    job("edge", LOAD, at(60)),
    job("late", LOAD, at(60.1)),
    job("odd", LOAD, at(61), state="RESTING"),
    job("ancient", LOAD, days(3), state="RUNNING"),
    job("history", LOAD, days(4)),
]


@pytest.mark.parametrize("mode", MODES)
def test_jobs_on_a_target(mode: str) -> None:
    """All that are not over, however old, and all since a moment; oldest first; whatever the tenant does to filters."""
    tenant = Tenant(MIXED, mode)
    with operating(tenant) as desk:
        found = desk.operator.on_target(ready(desk.operator, "load", source="src_a"), SINCE)
    assert ids(found) == ["ancient", "odd", "edge", "done", "new"]
    assert {each.target for each in found} == {"source:src_a"}
    if mode == "works":
        assert len(tenant.asked) == 1
        assert tenant.filter_texts == [
            '(configuration.load.source_id = "src_a") AND '
            '(status.state != DONE OR create_time() >= "2025-12-02T11:00:00Z")'
        ]
    else:
        assert tenant.filter_texts == [tenant.filter_texts[0], None, None, None]
    assert {args["pageSize"] for args in tenant.asked} == {"30"}


@pytest.mark.parametrize("mode", ["refused", "ignored"])
def test_a_tenant_without_filters_is_asked_once(mode: str) -> None:
    tenant = Tenant(MIXED, mode)
    with operating(tenant) as desk:
        load = ready(desk.operator, "load", source="src_a")
        desk.operator.on_target(load, SINCE)
        desk.operator.on_target(load, SINCE)
        assert len(desk.operator.in_pool("jobs")) == 4
        desk.operator.last_on_subject(load)
        list(islice(desk.operator.jobs(JobQuery("tamr.load")), 2))
    assert [text is not None for text in tenant.filter_texts].count(True) == 1


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ['a"b', "a\\", '" OR job_id != "', "Test 123", "a/b", "ä&b=c#%"])
def test_ids_are_data(mode: str, name: str) -> None:
    mine, foreign = ({"publish": {"destinationId": each, "dataProductId": "dp"}} for each in (name, "another"))
    tenant = Tenant([job("foreign", foreign, at(1)), job("mine", mine, at(2))], mode)
    with operating(tenant) as desk:
        publish = ready(desk.operator, "publish", destination=name, data_product="dp")
        assert ids(desk.operator.on_target(publish, SINCE)) == ["mine"]
        assert ids(desk.operator.jobs(JobQuery(settings={"destination": name}))) == ["mine"]


@pytest.mark.parametrize("mode", MODES)
def test_a_publish_is_of_its_data_product(mode: str) -> None:
    jobs = [
        job(f"of_{dp}", {"publish": {"destinationId": "Test 123", "dataProductId": dp}}, at(n))
        for n, dp in enumerate(["dp_a", "dp_b", ""])
    ]
    with operating(Tenant(jobs, mode)) as desk:
        one = ready(desk.operator, "publish", destination="Test 123", data_product="dp_b")
        assert ids(desk.operator.on_target(one, SINCE)) == ["of_dp_b"]
        # By its id alone it is any data product's; and it is told by the name it was asked for.
        alone = desk.operator.on_target(ready(desk.operator, "publish", destination="Test 123"), SINCE)
        assert ids(alone) == ["of_", "of_dp_b", "of_dp_a"]
        assert {each.target for each in alone} == {"destination:Test 123"}


@pytest.mark.parametrize("mode", MODES)
def test_the_last_job_on_a_subject(mode: str) -> None:
    """An update of a data product and its publishes are about the same thing; workflows and other products are not."""
    publish = {"publish": {"destinationId": "Test 123", "dataProductId": "dp_xyz"}}
    jobs = [
        *crowd(40),
        job("workflow", {"update": {"workflowId": "flow"}}, at(41)),
        job("elsewhere", {"update": {"dataProductId": "dp"}}, at(42)),
        job("published", publish, at(43), state="RUNNING"),
        job("updated", UPDATE, at(44)),
    ]
    with operating(Tenant(jobs, mode)) as desk:
        update = ready(desk.operator, "update", data_product="dp_xyz")
        last = desk.operator.last_on_subject(update)
        assert last is not None
        assert (last.id, last.target) == ("published", "destination:dp_xyz/Test 123")
        assert (
            desk.operator.last_on_subject(ready(desk.operator, "publish", destination="Another", data_product="dp_xyz"))
            == last
        )
        assert desk.operator.last_on_subject(ready(desk.operator, "load", source="never")) is None


def test_without_a_filter_reading_stops_a_week_before_the_newest_job() -> None:
    """And not a page later; but not while a page holds something that is not over, or is newer than asked for."""
    old = crowd(90, first=8 * 24 * 60, name="old")
    tenant = Tenant([*crowd(30), *old], "refused")
    with operating(tenant) as desk:
        load = ready(desk.operator, "load", source="src_a")
        desk.operator.on_target(load, SINCE)
        assert len(tenant.asked) == 1 + 2
        assert desk.operator.in_pool("jobs") == ()
        assert len(tenant.asked) == 3 + 2
        # Since a moment that long ago, all of it matters.
        desk.operator.on_target(load, NOON - timedelta(days=30))
        assert len(tenant.asked) == 5 + 4
        tenant.jobs[45] = job("mine", LOAD, days(8), state="RUNNING")
        assert ids(desk.operator.on_target(load, SINCE)) == ["mine"]
        assert len(tenant.asked) == 9 + 3


def test_a_filter_that_is_ignored_shows_by_the_age_of_jobs() -> None:
    """A tenant whose jobs are all of this work is not read through to its first day."""
    old = [job(f"old_{n}", LOAD, days(9)) for n in range(300)]
    tenant = Tenant([*(job(f"new_{n}", LOAD, at(n)) for n in range(30)), *old], "ignored")
    with operating(tenant) as desk:
        found = desk.operator.on_target(ready(desk.operator, "load", source="src_a"), SINCE)
    assert len(found) == 30
    assert [text is not None for text in tenant.filter_texts] == [True, True, False, False]


def test_a_page_that_tells_no_times_ends_nothing() -> None:
    bare = {"jobId": "bare", "configuration": UPDATE, "status": {"state": "DONE"}}
    tenant = Tenant(
        [*crowd(30), *([bare] * 30), *crowd(29, first=9 * 24 * 60), bare, job("x", LOAD, days(9), state="PENDING")]
    )
    tenant.filters = "refused"
    with operating(tenant) as desk:
        assert ids(desk.operator.on_target(ready(desk.operator, "load", source="src_a"), SINCE)) == ["x"]


@pytest.mark.parametrize("mode", MODES)
def test_over_and_of_no_known_age_is_no_evidence(mode: str) -> None:
    bare = {"jobId": "bare", "configuration": LOAD, "status": {"state": "DONE"}, "statusHistory": []}
    tenant = Tenant([bare], "ignored" if mode == "works" else mode)
    with operating(tenant) as desk:
        assert desk.operator.on_target(ready(desk.operator, "load", source="src_a"), SINCE) == ()


@pytest.mark.parametrize("mode", ["refused", "works"])
def test_a_list_that_moves_shows_no_job_twice(mode: str) -> None:
    """New jobs push others onto the next page while it is read; how a job was seen last is how it is."""
    mine = [job(f"mine_{n}", LOAD, at(n), state="RUNNING") for n in range(40)]
    tenant = Tenant(mine, mode)

    def push(seen: Seen) -> None:
        if "pageToken" in seen.path:
            pushed = [job(f"pushed_{n}", LOAD, at(-1), state="PENDING") for n in range(3)]
            tenant.jobs = [*pushed, *(job(each["jobId"], LOAD, at(n), state="STOPPING") for n, each in enumerate(mine))]

    tenant.before = push
    with operating(tenant) as desk:
        found = desk.operator.on_target(ready(desk.operator, "load", source="src_a"), SINCE)
        assert ids(found) == [f"mine_{n}" for n in reversed(range(40))]
        assert [each.platform_state for each in found] == ["STOPPING"] * 13 + ["RUNNING"] * 27
        tenant.jobs = mine
        assert ids(desk.operator.jobs(JobQuery("tamr.load"))) == [f"mine_{n}" for n in range(40)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_page_that_fails_fails_the_whole(mode: str, status: int) -> None:
    tenant = Tenant([job(f"mine_{n}", LOAD, at(n), state="RUNNING") for n in range(70)], mode)
    tenant.before = lambda seen: refusal(status, "no") if "pageToken=p60" in seen.path else None
    with operating(tenant) as desk:
        load = ready(desk.operator, "load", source="src_a")
        for ask in (
            lambda: desk.operator.on_target(load, SINCE),
            lambda: desk.operator.in_pool("jobs"),
            lambda: list(desk.operator.jobs(JobQuery())),
        ):
            with pytest.raises(PlatformError) as caught:
                ask()
            assert caught.value.status == status
        assert len(list(islice(desk.operator.jobs(JobQuery()), 60))) == 60


def test_a_refused_later_page_is_no_missing_filter() -> None:
    tenant = Tenant([job(f"mine_{n}", LOAD, at(n)) for n in range(50)])
    tenant.before = lambda seen: refusal(400, "bad token") if "pageToken" in seen.path else None
    with operating(tenant) as desk, pytest.raises(Rejected, match="bad token"):
        desk.operator.on_target(ready(desk.operator, "load", source="src_a"), SINCE)
    assert len(tenant.asked) == 2


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        ([{"jobs": [], "nextPageToken": "a"}, {"jobs": [], "nextPageToken": "a"}], "read already"),
        ([{"nextPageToken": f"t{n}"} for n in range(101)], "100 pages of 30"),
        ([{"jobs": [], "nextPageToken": {"a": 1}}], "expected a list of jobs"),
        ([{"jobs": [{"status": {}}]}], "jobId"),
    ],
)
def test_a_list_that_does_not_end_is_no_list(pages: list[Json], words: str) -> None:
    left = list(pages)
    with operating(lambda seen: Reply(200, left.pop(0))) as desk, pytest.raises(BadAnswer, match=words) as caught:
        desk.operator.in_pool("jobs")
    assert not caught.value.may_have_happened


def test_empty_lists_may_be_left_out() -> None:
    """Proto3 JSON leaves out what is empty, also in the middle of a list that is filtered page by page."""
    pages = [
        {"nextPageToken": "a"},
        {"jobs": None, "next_page_token": "b"},
        {"jobs": [job("x", LOAD, at(1), state="RUNNING")]},
    ]
    with operating(lambda seen: Reply(200, pages.pop(0))) as desk:
        assert ids(desk.operator.in_pool("jobs")) == ["x"]
    assert [path.rpartition("pageToken=")[2] for path in desk.server.paths][1:] == ["a", "b"]
    with operating(lambda seen: Reply(200, {})) as desk:
        assert desk.operator.in_pool("jobs") == ()


@pytest.mark.parametrize("mode", MODES)
def test_jobs_newest_first(mode: str) -> None:
    tenant = Tenant(MIXED, mode)
    with operating(tenant) as desk:
        assert ids(desk.operator.jobs(JobQuery())) == [each["jobId"] for each in MIXED]
        assert tenant.filter_texts == [None] * 3
        assert ids(desk.operator.jobs(JobQuery("tamr.update"))) == ["other"]
        assert ids(desk.operator.jobs(JobQuery(settings={"source": "src_a"}, until=SINCE))) == [
            "late",
            "odd",
            "ancient",
            "history",
        ]
        assert ids(desk.operator.jobs(JobQuery(states=frozenset({JobState.FAILED, JobState.UNKNOWN})))) == [
            "done",
            "odd",
        ]
        assert ids(desk.operator.jobs(JobQuery(words=("pending", "RESTING")))) == ["new", "odd"]
        assert ids(desk.operator.jobs(JobQuery("tamr.load", {"source": "src_a"}, since=SINCE))) == [
            "new",
            "done",
            "edge",
        ]


def test_pages_are_asked_for_when_they_are_wanted() -> None:
    tenant = Tenant(crowd(95))
    with operating(tenant) as desk:
        listed = desk.operator.jobs(JobQuery())
        assert tenant.asked == []
        found: list[Job] = list(islice(listed, 31))
        assert [args.get("pageToken") for args in tenant.asked] == [None, "p30"]
        assert ids(found)[-1] == "other_30"
        assert len(list(listed)) == 64


def test_an_expression_goes_to_the_tenant() -> None:
    tenant = Tenant(MIXED)
    with operating(tenant) as desk:
        asked = JobQuery("tamr.load", expression='job_id = "new" OR job_id = "x"')
        tenant.before = lambda seen: Reply(200, {"jobs": [MIXED[0]]})
        assert ids(desk.operator.jobs(asked)) == ["new"]
    assert tenant.filter_texts == ['(configuration:load) AND (job_id = "new" OR job_id = "x")']


@pytest.mark.parametrize("mode", ["refused", "ignored"])
def test_an_expression_is_never_left_out(mode: str) -> None:
    tenant = Tenant(MIXED, mode)
    with operating(tenant) as desk:
        asked = JobQuery("tamr.update", expression="cancel_time()")
        with pytest.raises(Rejected) as caught:
            list(desk.operator.jobs(asked))
        assert caught.value.diagnostics[0].hint
        # It may be the expression that is wrong: that says nothing about filters.
        assert len(list(desk.operator.jobs(JobQuery("tamr.update")))) == 1
        before = len(tenant.asked)
        with pytest.raises(Rejected, match="does not apply"):
            list(desk.operator.jobs(asked))
        assert len(tenant.asked) == before, "it is known by now"


def test_an_expression_that_the_tenant_cannot_read() -> None:
    tenant = Tenant(MIXED)
    tenant.before = lambda seen: refusal(400, "no field nme") if "nme" in seen.path else None
    with operating(tenant) as desk:
        with pytest.raises(Rejected, match="no field nme") as caught:
            list(desk.operator.jobs(JobQuery(expression="nme = 1")))
        assert "check the expression" in caught.value.diagnostics[0].hint
        assert ids(desk.operator.jobs(JobQuery(expression="status.state = PENDING"))) == ["new"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (JobQuery("tailer.launch"), "no operation 'tailer.launch'"),
        (JobQuery(settings={"recipe": "R"}), "have no 'recipe'"),
        (JobQuery("tamr.load", {"workflow": "w"}), "jobs of tamr.load have no 'workflow'"),
    ],
)
def test_what_no_job_can_answer_is_refused_at_once(query: JobQuery, words: str) -> None:
    with operating(Tenant(MIXED)) as desk, pytest.raises(Rejected, match=words):
        desk.operator.jobs(query)
    assert desk.server.seen == []


def test_an_unreachable_tenant() -> None:
    with operating(lambda seen: Reply(cut=True)) as desk, pytest.raises(Unavailable):
        list(desk.operator.jobs(JobQuery()))
