"""What a network does to a state in a cloud: lost answers, servers that are none; each told truthfully."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from contract.cloud_bed import CALLS, KEY, READS, Bed, on, refused, xml
from reconcile.state.backend import KeyMissing, KeyTaken
from reconcile.state.cloud import PROBE, CloudBackend
from reconcile.state.location import parse_location
from stores.s3 import S3Server

# -- answers that are lost


@on()
def test_a_create_whose_answer_was_lost_is_ours(bed: Bed) -> None:
    """It happened at the store; the second try finds the key, and sees that the bytes are ours."""
    bed.fault("cut after", "PUT")
    backend = bed.open()
    backend.create(KEY, b"mine")
    assert backend.read(KEY) == b"mine"
    assert bed.asked("PUT") == 2


@on()
def test_a_create_of_which_no_answer_ever_came_is_ours(bed: Bed) -> None:
    """Every try ends without an answer, but what is there can be read."""
    bed.fault("cut after", "PUT", times=99)
    bed.open().create(KEY, b"mine")
    assert len(bed.waited) == bed.asked("PUT") - 1 == 3


@on()
def test_a_create_that_lost_is_not_ours_whatever_was_lost(bed: Bed) -> None:
    """The first answer, lost, was the same as the second: somebody else has the key."""
    bed.open().create(KEY, b"theirs")
    bed.fault("cut after", "PUT")
    with pytest.raises(KeyTaken):
        bed.open().create(KEY, b"mine")
    assert bed.open().read(KEY) == b"theirs"


@on()
def test_a_create_that_never_arrived_says_so(bed: Bed) -> None:
    """Nothing is there, and nobody claims that it is."""
    bed.fault("cut before", "PUT", times=99)
    code, detail, _ = refused(lambda: bed.open().create(KEY, b"mine"))
    assert code == "state-unreachable"
    assert f"Cannot write {bed.location}/prod/{KEY}" in detail
    with pytest.raises(KeyMissing):
        bed.open().read(KEY)


@on()
@pytest.mark.parametrize("kind", ["cut before", "cut after"])
def test_one_lost_answer_changes_nothing(bed: Bed, kind: str) -> None:
    """Each call in turn, with its first answer lost."""
    backend = bed.open()
    backend.create(KEY, b"one")
    for call in ("put", "list", "read", "written_at", "delete", "delete"):
        bed.fault(kind, "", "")
        CALLS[call](backend)
        assert all(fault.times == 0 for fault in bed.between.faults), call
    assert backend.list("state") == []


@on()
def test_half_an_answer_is_none(bed: Bed) -> None:
    """Bytes that stop in the middle are asked for again, and never handed on."""
    backend = bed.open()
    backend.create(KEY, b"all of it")
    for call in ("read", "list"):
        bed.between.faults.clear()
        bed.fault("cut amid", "GET", "")
        whole = {"read": b"all of it", "list": [KEY]}[call]
        assert CALLS[call](backend) == whole
        bed.fault("cut amid", "GET", "", times=99)
        assert refused(lambda call=call: CALLS[call](backend))[0] == "state-unreachable"  # type: ignore[misc]


@on("gs")
def test_a_list_whose_second_page_fails_is_whole_all_the_same(bed: Bed) -> None:
    keys = [f"state/{number:08d}.json" for number in range(1001)]
    backend = bed.open()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: backend.create(key, b""), keys))
    bed.fault("answer", "GET", "continuation-token", status=500)
    assert backend.list("state") == keys
    bed.fault("answer", "GET", "continuation-token", status=500, times=99)
    assert refused(lambda: backend.list("state"))[0] == "state-unavailable"


@on("s3")
def test_a_conflict_is_asked_again(bed: Bed) -> None:
    """S3 answers 409 when a delete of the same key is on its way; obstore takes that for "it is there"."""
    bed.fault("answer", "PUT", status=409, body=xml("ConditionalRequestConflict", "A conflicting operation occurred."))
    backend = bed.open()
    backend.create(KEY, b"mine")
    assert backend.read(KEY) == b"mine"


# -- stores that do not do what they should


@on("s3", "gs")
def test_a_server_that_overwrites_is_refused_before_anything_is_written(bed: Bed) -> None:
    bed.fault("ignore condition", "PUT", "", times=99)
    code, detail, hint = refused(lambda: bed.open().create(KEY, b"x"))
    assert code == "state-unsuitable"
    assert "a key was created twice" in detail
    assert "conditional writes" in hint
    assert bed.asked("PUT") == 0
    assert bed.asked("DELETE", PROBE) == 1


@on()
def test_a_server_of_ones_own_is_asked_once_whether_it_creates_only(bed: Bed) -> None:
    """Two requests for the first process ever, one for each after that; none to look, none for the next key."""
    backend = bed.open()
    backend.list("state")
    assert bed.asked("PUT", PROBE) == 0
    backend.create(KEY, b"")
    backend.create("state/00000002.json", b"")
    assert bed.asked("PUT", PROBE) == 2
    bed.open().create("state/00000003.json", b"")
    assert bed.asked("PUT", PROBE) == 3
    assert backend.list("state") == [KEY, "state/00000002.json", "state/00000003.json"]


@on()
def test_the_question_survives_lost_answers(bed: Bed) -> None:
    """An answer that is lost must not make a good server a bad one."""
    for _ in range(2):
        bed.fault("cut after", "PUT", PROBE)
    bed.open().create(KEY, b"x")
    assert bed.open().read(KEY) == b"x"


@on("s3")
def test_a_server_without_conditional_writes_is_refused(bed: Bed) -> None:
    body = xml("NotImplemented", "A header you provided implies functionality that is not implemented.")
    bed.fault("answer", "PUT", "", status=501, body=body, times=99)
    assert refused(lambda: bed.open().create(KEY, b"x"))[0] == "state-unsuitable"


@on()
@pytest.mark.parametrize("call", READS)
@pytest.mark.parametrize("body", ["", "<html>not here</html>", '{"error": "not here"}'])
def test_a_server_that_is_no_store_misses_no_keys(bed: Bed, call: str, body: str) -> None:
    """A key is missing when a store says so; a portal or a wrong address says 404 to everything."""
    bed.fault("answer", "GET", "", status=404, body=body, times=99)
    assert refused(lambda: CALLS[call](bed.open()))[0] == "state-unavailable"


@on()
@pytest.mark.parametrize("body", ["", "hello", "<html>hello</html>", "<html><body>Please sign in</body></html>"])
def test_a_server_that_is_no_store_is_never_an_empty_one(bed: Bed, body: str) -> None:
    """Any XML reads as an empty list; so the first one that is empty has to come from a store that misses a key."""
    bed.fault("answer", "GET", "", status=200, body=body, times=99)
    assert refused(lambda: bed.open().list("state"))[0] == "state-unavailable"


@on()
def test_only_the_first_empty_list_of_a_process_is_looked_at_twice(bed: Bed) -> None:
    backend = bed.open()
    for _ in range(2):
        assert backend.list("state") == []
    assert bed.asked("GET", "prod") == 3
    backend.create(KEY, b"")
    other = bed.open()
    assert other.list("state") == [KEY]
    before = bed.asked("GET", "prod")
    assert other.list("journal") == []
    assert bed.asked("GET", "prod") == before + 1


@on("s3")
def test_a_folder_made_in_a_console_is_no_key(bed: Bed, s3_server: S3Server) -> None:
    prefix = bed.location.removeprefix("s3://reconcile-tests/")
    s3_server.client().put_object(Bucket="reconcile-tests", Key=f"{prefix}/prod/state/", Body=b"")
    bed.open().create(KEY, b"")
    assert bed.open().list("state") == [KEY]


# -- what is missing


@on()
@pytest.mark.parametrize("call", CALLS)
def test_a_bucket_that_is_missing_is_an_error_and_not_an_empty_state(bed: Bed, call: str) -> None:
    location = bed.location.replace("reconcile-tests", "nobody-made-this")
    code, detail, hint = refused(lambda: CALLS[call](bed.open(location)))
    assert code == "state-no-bucket"
    assert "nobody-made-this/" in detail
    assert "create the" in hint


@on()
def test_nobody_there_is_said_within_seconds(bed: Bed) -> None:
    """A port on which nobody listens."""
    for name, value in os.environ.items():
        if bed.between.url in value:
            bed.environ.setenv(name, value.replace(bed.between.url, "http://127.0.0.1:1"))
    code, detail, hint = refused(lambda: bed.open().list("state"))
    assert code == "state-unreachable"
    assert "connection refused (http://127.0.0.1:1)" in detail
    assert "endpoint" in hint
    assert sum(bed.waited) < 3


def test_a_host_that_does_not_exist(no_clouds: pytest.MonkeyPatch) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": "https://s3.invalid"}
    for name, value in keys.items():
        no_clouds.setenv(name, value)
    backend = CloudBackend(parse_location("s3://bucket"), "prod", os.environ, sleep=lambda _: None)
    code, detail, _ = refused(lambda: backend.read(KEY))
    assert code == "state-unreachable"
    assert "the name of the host is not known (https://s3.invalid)" in detail
