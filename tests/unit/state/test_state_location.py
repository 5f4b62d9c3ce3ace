"""What may stand behind ``state:`` for a cloud; what may not is refused without being repeated."""

from __future__ import annotations

import pytest

from reconcile.core.errors import StateError
from reconcile.state.cloud import open_cloud
from reconcile.state.location import OPTIONS, checked_endpoint, is_loopback, parse_location


@pytest.mark.parametrize(
    ("text", "bucket", "prefix"),
    [
        ("s3://bucket", "bucket", ""),
        ("s3://bucket/", "bucket", ""),
        ("s3://my.bucket-1/team/reconcile/", "my.bucket-1", "team/reconcile"),
        ("gs://a_bucket/x=1/y", "a_bucket", "x=1/y"),
        ("az://box/p", "box", "p"),
    ],
)
def test_a_location_is_a_bucket_and_a_prefix(text: str, bucket: str, prefix: str) -> None:
    found = parse_location(text)
    assert (found.bucket, found.prefix, found.options) == (bucket, prefix, {})
    assert str(found) == text.rstrip("/")


@pytest.mark.parametrize("kind", ["blob", "dfs"])
def test_azure_s_long_form_names_the_account(kind: str) -> None:
    found = parse_location(f"az://box@acct01.{kind}.core.chinacloudapi.cn/p/q?allow_http=true")
    assert (found.bucket, found.account, found.domain) == ("box", "acct01", "core.chinacloudapi.cn")
    assert str(found) == "az://box@acct01.blob.core.chinacloudapi.cn/p/q"


def test_settings_are_read_and_not_shown() -> None:
    found = parse_location("s3://b3c/x?region=eu-west-1&path_style=false&endpoint=https%3A%2F%2Fminio.example%3A9000")
    assert found.options == {"region": "eu-west-1", "path_style": "false", "endpoint": "https://minio.example:9000"}
    assert (found.switch("path_style", default=True), found.switch("allow_http", default=False)) == (False, False)
    assert str(found) == "s3://b3c/x"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("s3://", "names no bucket"),
        ("s3:///prefix", "names no bucket"),
        ("az:///x", "names no container"),
        ("s3://b ucket", "no bucket can have the name"),
        ("gs://b", "no bucket can have the name"),
        ("s3://bucket/a//b", "empty part"),
        ("s3://bucket/../other", "unusual character"),
        ("s3://bucket/a b", "unusual character"),
        ("s3://bucket/a%2Fb", "unusual character"),
        ("az://box@nonsense/p", "no host of an Azure storage account"),
        ("s3://bucket?region", "not NAME=VALUE"),
        ("s3://bucket?region=", "no value"),
        ("s3://bucket?path_style=yes", "no value"),
        ("s3://bucket?region=a&region=b", "given twice"),
    ],
)
def test_what_is_wrong_is_named(text: str, words: str) -> None:
    with pytest.raises(StateError) as caught:
        parse_location(text)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "state-location"
    assert words in diagnostic.detail
    assert diagnostic.hint


@pytest.mark.parametrize(
    "text",
    [
        "s3://AKIA:hunter2@bucket/x",
        "s3://hunter2@bucket",
        "gs://user:hunter2@bucket",
        "az://box:hunter2@acct.blob.core.windows.net",
        "az://acct:hunter2@box@acct.blob.core.windows.net",
        "s3://bucket?access_key_id=hunter2",
        "s3://bucket?secret=hunter2",
        "gs://bucket?token=hunter2",
        "az://box/p?sv=2021-08-06&se=2030&sig=hunter2",
        "az://box?account_key=hunter2",
        "s3://bucket?x=hunter2&password=hunter2",
        "s3://bucket?endpoint=https://user:hunter2@host",
        "s3://bucket:hunter2",
        "s3://bucket/?hunter2",
        "s3://bucket#hunter2",
    ],
)
def test_credentials_are_refused_and_never_repeated(text: str) -> None:
    with pytest.raises(StateError) as caught:
        open_cloud(text, "prod", {})
    (diagnostic,) = caught.value.diagnostics
    assert "hunter2" not in f"{diagnostic}"
    assert diagnostic.code == "state-location"


def test_a_credential_is_answered_with_where_it_belongs() -> None:
    with pytest.raises(StateError) as caught:
        parse_location("az://box?sig=x")
    assert "AZURE_STORAGE_SAS_TOKEN" in caught.value.diagnostics[0].hint


def test_an_unknown_setting_is_answered_with_a_near_one_or_with_all() -> None:
    with pytest.raises(StateError) as caught:
        parse_location("s3://bucket?regoin=eu-west-1")
    assert caught.value.diagnostics[0].hint == 'did you mean "region"?'
    for scheme, options in OPTIONS.items():
        with pytest.raises(StateError) as caught:
            parse_location(f"{scheme}://bucket?zzzzzz=1")
        assert all(option in caught.value.diagnostics[0].hint for option in options)


@pytest.mark.parametrize(
    "url",
    [
        "https://minio.example",
        "http://127.0.0.1:9000",
        "http://localhost:9000/",
        "http://[::1]:9000",
        "https://h/base/",
    ],
)
def test_an_endpoint_is_https_or_this_machine(url: str) -> None:
    assert checked_endpoint(url, "`endpoint`", parse_location("s3://bucket"), {}) == url.rstrip("/")


@pytest.mark.parametrize("said", ["?allow_http=true", ""])
def test_http_elsewhere_has_to_be_said(said: str) -> None:
    location = parse_location(f"s3://bucket{said}")
    environ = {} if said else {"AWS_ALLOW_HTTP": "true"}
    assert checked_endpoint("http://minio:9000", "`endpoint`", location, environ)
    with pytest.raises(StateError, match="can be read on the way"):
        checked_endpoint("http://minio:9000", "`endpoint`", parse_location("s3://bucket"), {})


def test_what_the_file_says_about_http_wins_over_the_environment() -> None:
    location = parse_location("gs://bucket?allow_http=false")
    with pytest.raises(StateError):
        checked_endpoint("http://gcs:4443", "GOOGLE_BASE_URL", location, {"GOOGLE_ALLOW_HTTP": "true"})


@pytest.mark.parametrize("url", ["minio:9000", "ftp://host", "https://", "https://h:port", "https://h?x=1", "", "//h"])
def test_what_is_no_endpoint_says_who_said_so(url: str) -> None:
    with pytest.raises(StateError, match="AWS_ENDPOINT_URL is not a plain"):
        checked_endpoint(url, "AWS_ENDPOINT_URL", parse_location("s3://bucket"), {})


@pytest.mark.parametrize(
    ("host", "answer"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("10.0.0.1", False)],
)
def test_this_machine_is_known_by_its_names(host: str, answer: bool) -> None:
    assert is_loopback(host) is answer
    assert is_loopback("localhost.example") is False
