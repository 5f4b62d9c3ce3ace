"""What a cloud refuses: rights, credentials, and everything else that stores say; and that no secret is shown."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from contract.cloud_bed import CALLS, FETCHED, KEY, READS, Bed, on, refused, xml
from reconcile.state.backend import KeyMissing
from reconcile.state.cloud import CloudBackend
from reconcile.state.location import parse_location
from stores.gcs import READ_TOKEN
from stores.s3 import S3Server


# -- rights, checked by the store itself
def test_who_may_only_read_is_told_what_writing_needs(s3_server: S3Server, no_clouds: pytest.MonkeyPatch) -> None:
    reader = s3_server.user("reader", "s3:GetObject", "s3:ListBucket")
    location = s3_server.fresh()
    for name, value in {**s3_server.environ, **reader}.items():
        no_clouds.setenv(name, value)
    backend = CloudBackend(parse_location(location), "prod", os.environ)
    with s3_server.checking_rights():
        assert backend.list("state") == []
        with pytest.raises(KeyMissing):
            backend.read(KEY)
        for call, right in (("create", "s3:PutObject"), ("put", "s3:PutObject"), ("delete", "s3:DeleteObject")):
            code, detail, hint = refused(lambda call=call: CALLS[call](backend))  # type: ignore[misc]
            assert code == "state-forbidden"
            assert "AccessDenied" in detail
            assert right in hint


def test_who_may_only_write_never_sees_an_empty_state(s3_server: S3Server, no_clouds: pytest.MonkeyPatch) -> None:
    writer = s3_server.user("writer", "s3:PutObject")
    for name, value in {**s3_server.environ, **writer}.items():
        no_clouds.setenv(name, value)
    backend = CloudBackend(parse_location(s3_server.fresh()), "prod", os.environ)
    with s3_server.checking_rights():
        for call in READS:
            code, _, hint = refused(lambda call=call: CALLS[call](backend))  # type: ignore[misc]
            assert code == "state-forbidden"
            assert "s3:ListBucket" in hint


def test_a_wrong_secret_is_told_from_a_missing_right(s3_server: S3Server, no_clouds: pytest.MonkeyPatch) -> None:
    keys = s3_server.user("mistyped", "s3:*")
    for name, value in {**s3_server.environ, **keys, "AWS_SECRET_ACCESS_KEY": "not-this-one"}.items():
        no_clouds.setenv(name, value)
    with s3_server.checking_rights():
        backend = CloudBackend(parse_location(s3_server.fresh()), "prod", os.environ)
        code, detail, _ = refused(lambda: backend.list("state"))
    assert code == "state-credentials-refused"
    assert "not-this-one" not in detail


@on("gs")
def test_a_google_reader_cannot_write(bed: Bed) -> None:
    bed.environ.setenv("GOOGLE_BEARER_TOKEN", READ_TOKEN)
    backend = bed.open()
    assert backend.list("state") == []
    code, _, hint = refused(lambda: backend.create(KEY, b"x"))
    assert (code, "storage.objects.create" in hint) == ("state-forbidden", True)


@on("gs")
def test_a_google_token_that_is_over(bed: Bed) -> None:
    bed.environ.setenv("GOOGLE_BEARER_TOKEN", "ya29.expired")
    code, detail, _ = refused(lambda: bed.open().read(KEY))
    assert code == "state-credentials-refused"
    assert "ya29" not in detail


@on(pytest.param("az", marks=FETCHED))
def test_an_azure_key_that_is_not_this_account_s(bed: Bed) -> None:
    """Checked by azurite; its word for it is that of a firewall, its sentence is not."""
    wrong = "d3Jvbmcga2V5IHdyb25nIGtleSB3cm9uZyBrZXkgd3Jvbmcga2V5IHdyb25nIGtleQ=="
    bed.environ.setenv("AZURE_STORAGE_ACCOUNT_KEY", wrong)
    for call in CALLS:
        code, detail, _ = refused(lambda call=call: CALLS[call](bed.open()))  # type: ignore[misc]
        assert code == "state-credentials-refused", call
        assert wrong not in detail


@on(pytest.param("az", marks=FETCHED))
def test_a_principal_that_does_not_sign_in(bed: Bed) -> None:
    """The login server's words, without its stamps; not the secret."""
    bed.environ.delenv("AZURE_STORAGE_ACCOUNT_KEY")
    login = {"CLIENT_ID": "app", "TENANT_ID": "tenant", "CLIENT_SECRET": "hunter2", "AUTHORITY_HOST": bed.between.url}
    for name, value in login.items():
        bed.environ.setenv(f"AZURE_{name}", value)
    said = "AADSTS7000215: Invalid client secret provided. Trace ID: 1234 Timestamp: 2026-11-22"
    body = json.dumps({"error": "invalid_client", "error_description": said})
    bed.fault("answer", "POST", "oauth2", status=401, body=body, times=99)
    code, detail, _ = refused(lambda: bed.open().read(KEY))
    assert code == "state-credentials-refused"
    assert detail.endswith("invalid_client: AADSTS7000215: Invalid client secret provided.")
    assert "hunter2" not in detail


# -- what else stores answer


@dataclass(frozen=True)
class Said:
    status: int
    body: str
    code: str
    words: str = ""


OLD_DATE = "<AuthenticationErrorDetail>Request date header too old: 'x'</AuthenticationErrorDetail>"
SAID_BY_ALL = [
    Said(503, "", "state-busy"),
    Said(500, "", "state-unavailable"),
    Said(418, "<html>teapot</html>", "state-unavailable", "the answer was 418"),
]
SAID: dict[str, list[Said]] = {
    "s3": [
        Said(400, xml("ExpiredToken", "The provided token has expired."), "state-credentials-refused", "has expired"),
        Said(403, xml("InvalidAccessKeyId", "The key does not exist."), "state-credentials-refused"),
        Said(
            403,
            xml("SignatureDoesNotMatch", "It does not match.", "<StringToSign>AWS4 hunter2"),
            "state-credentials-refused",
        ),
        Said(403, xml("RequestTimeTooSkewed", "The difference is too large."), "state-clock"),
        Said(403, xml("AccessDenied", "Access Denied"), "state-forbidden"),
        Said(
            400, xml("AuthorizationHeaderMalformed", "expecting 'eu-west-1'"), "state-region", "expecting 'eu-west-1'"
        ),
        Said(301, xml("PermanentRedirect", "The bucket is elsewhere."), "state-region"),
        Said(503, xml("SlowDown", "Please reduce your request rate."), "state-busy"),
    ],
    "gs": [
        Said(401, xml("AuthenticationRequired", "Authentication required."), "state-credentials-refused"),
        Said(403, xml("AccessDenied", "Access denied."), "state-forbidden"),
        Said(429, xml("SlowDown", "The object exceeded the rate limit."), "state-busy"),
    ],
    "az": [
        Said(403, xml("AuthenticationFailed", "Server failed to authenticate."), "state-credentials-refused"),
        Said(403, xml("AuthenticationFailed", "Server failed to authenticate.", OLD_DATE), "state-clock"),
        Said(403, xml("AuthorizationPermissionMismatch", "Not authorized."), "state-forbidden"),
        Said(403, xml("AuthorizationFailure", "This request is not authorized."), "state-forbidden"),
        Said(409, xml("ContainerBeingDeleted", "The container is being deleted."), "state-no-bucket"),
        Said(409, xml("BlobImmutableDueToPolicy", "Not permitted."), "state-unavailable", "BlobImmutableDueToPolicy"),
        Said(503, xml("ServerBusy", "The server is busy."), "state-busy"),
    ],
}


@pytest.mark.parametrize(
    ("bed", "said"),
    [
        pytest.param(scheme, said, marks=FETCHED if scheme == "az" else (), id=f"{scheme}-{said.status}-{said.code}")
        for scheme, own in SAID.items()
        for said in (*SAID_BY_ALL, *own)
    ],
    indirect=["bed"],
)
def test_what_a_store_says_is_passed_on(bed: Bed, said: Said) -> None:
    """The same error for every call: never a missing key, never a taken one, never an empty list."""
    bed.fault("answer", "", "", times=999, status=said.status, body=said.body)
    for call in CALLS:
        code, detail, _ = refused(lambda call=call: CALLS[call](bed.open()))  # type: ignore[misc]
        assert code == said.code, call
        assert said.words in detail
        assert "hunter2" not in detail
        assert f"{bed.location}/prod" in detail


@on()
def test_a_store_that_is_busy_for_a_moment_is_waited_for(bed: Bed) -> None:
    backend = bed.open()
    bed.fault("answer", times=3, status=503)
    backend.create(KEY, b"x")
    assert backend.read(KEY) == b"x"
    assert bed.waited == [0.5, 1.0, 2.0]


# -- secrets


SECRET = "example-secret-access-key"


@on()
def test_no_secret_is_in_what_is_shown(bed: Bed, tmp_path: Path) -> None:
    """Not in the backend's words, nor in its errors; a shared access signature stands in every address of Azure."""
    signature = "c2VjcmV0LXNpZ25hdHVyZQ"
    if bed.location.startswith("az"):
        bed.environ.delenv("AZURE_STORAGE_ACCOUNT_KEY")
        bed.environ.setenv("AZURE_STORAGE_SAS_TOKEN", f"sv=2021-08-06&ss=b&srt=sco&sp=r&sig={signature}%3D")
    backend = bed.open()
    shown = [repr(backend), str(backend), backend.place(KEY)]
    for kind in ("answer", "cut before"):
        bed.between.faults.clear()
        bed.fault(kind, "", "", times=999, status=403, body=f"<Error>sig={signature} {SECRET} ya29.all-rights</Error>")
        shown += [str(refused(lambda call=call: CALLS[call](backend))) for call in CALLS]  # type: ignore[misc]
    for secret in (signature, SECRET, "ya29"):
        assert not [text for text in shown if secret in text]
