"""Where credentials for S3 come from, and what is said when there are none that can be used."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cloud_bed import said
from obstore.store import S3Store

from reconcile.core.errors import StateError
from reconcile.state import s3
from reconcile.state.aws_profile import read_profile
from reconcile.state.backend import open_backend
from reconcile.state.connection import is_own
from reconcile.state.location import parse_location
from stores.s3 import S3Server

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "env-secret"}


def aws(home: Path, config: str = "", credentials: str = "") -> None:
    (home / ".aws").mkdir()
    (home / ".aws/config").write_text(config)
    (home / ".aws/credentials").write_text(credentials)


def s3_store(location: str = "s3://bucket", environ: Mapping[str, str] | None = None) -> S3Store:
    store = s3.connect(parse_location(location), "prod", environ or {}).store
    assert isinstance(store, S3Store)
    return store


def given(store: S3Store) -> Any:
    """Return what the store's provider of credentials gives."""
    assert store.credential_provider is not None
    return store.credential_provider()


def endpoint(store: S3Store) -> object:
    """Return the endpoint of S3; the store calls it by another name than the one it takes it under."""
    return dict(store.config)["endpoint_url_s3"]


def test_aws_keys_in_the_environment_come_first(home: Path) -> None:
    aws(home, credentials="[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = file\n")
    assert s3_store(environ=KEYS).credential_provider is None
    assert s3_store(environ={**KEYS, "AWS_PROFILE": "default"}).credential_provider is None


def test_a_profile_in_the_location_comes_before_them(home: Path) -> None:
    aws(home, credentials="[ci]\naws_access_key_id = AKIAFILE\naws_secret_access_key = file\n")
    assert given(s3_store("s3://bucket?profile=ci", KEYS))["access_key_id"] == "AKIAFILE"


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", ""])
def test_keys_of_a_profile_need_no_library(home: Path, variable: str) -> None:
    name = "ci" if variable else "default"
    aws(
        home,
        f"[{f'profile {name}' if variable else name}]\nregion = eu-central-1\nendpoint_url = https://minio.example\n",
        f"[{name}]\naws_access_key_id = AKIAFILE\naws_secret_access_key = file-secret\naws_session_token = t\n",
    )
    store = s3_store(environ={variable: name} if variable else {})
    assert given(store) == {
        "access_key_id": "AKIAFILE",
        "secret_access_key": "file-secret",
        "token": "t",
        "expires_at": None,
    }
    assert store.config["region"] == "eu-central-1"
    assert endpoint(store) == "https://minio.example"
    assert "file-secret" not in f"{store!r}{store.credential_provider!r}"


def test_the_files_can_be_elsewhere(home: Path, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("[default]\naws_access_key_id = AKIAELSE\naws_secret_access_key = x\n")
    store = s3_store(environ={"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "keys")})
    assert given(store)["access_key_id"] == "AKIAELSE"


@pytest.mark.parametrize(
    "variable", ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_SKIP_SIGNATURE"]
)
def test_what_obstore_knows_is_left_to_it(home: Path, variable: str) -> None:
    """Before the profile "default", but not before one that was asked for."""
    aws(home, credentials="[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = x\n")
    assert s3_store(environ={variable: "https://x.example"}).credential_provider is None
    assert s3_store(environ={variable: "x", "AWS_PROFILE": "default"}).credential_provider is not None


def test_a_profile_with_no_more_than_a_region_leaves_the_machine_s_role(home: Path) -> None:
    aws(home, "[default]\nregion = eu-north-1\n")
    store = s3_store()
    assert (store.credential_provider, store.config["region"]) == (None, "eu-north-1")


def test_the_region_is_the_location_s_then_the_environment_s(home: Path) -> None:
    environ = {"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-3"}
    assert s3_store("s3://bucket?region=eu-west-1", environ).config["region"] == "eu-west-1"
    assert s3_store(environ=environ).config["region"] == "eu-west-2"
    assert s3_store(environ={"AWS_DEFAULT_REGION": "eu-west-3"}).config["region"] == "eu-west-3"
    assert "region" not in s3_store().config


def test_the_endpoint_is_the_location_s_then_the_environment_s(home: Path) -> None:
    environ = {"AWS_ENDPOINT_URL": "https://two.example", "AWS_ENDPOINT_URL_S3": "https://one.example"}
    assert endpoint(s3_store(environ=environ)) == "https://one.example"
    del environ["AWS_ENDPOINT_URL_S3"]
    assert endpoint(s3_store(environ=environ)) == "https://two.example"
    assert endpoint(s3_store("s3://bucket?endpoint=https://z.example", environ)) == "https://z.example"


def test_path_style_is_the_default_and_can_be_left(home: Path) -> None:
    assert "virtual_hosted_style_request" not in s3_store().config
    store = s3_store("s3://bucket?path_style=false&endpoint=https://s3.example:9000")
    assert endpoint(store) == "https://bucket.s3.example:9000"


def test_http_in_the_environment_is_refused_as_well(home: Path) -> None:
    detail, hint = said("state-location", "s3://bucket", {**KEYS, "AWS_ENDPOINT_URL_S3": "http://minio:9000"})
    assert "AWS_ENDPOINT_URL_S3 is http://" in detail
    assert "allow_http=true" in hint


def test_an_endpoint_in_the_location_is_looked_at_at_once(home: Path) -> None:
    """So that ``validate``, which makes no call, says it."""
    with pytest.raises(StateError, match="can be read on the way"):
        open_backend("s3://bucket?endpoint=http://minio:9000", Path(), "prod", {})


def test_a_profile_that_is_not_there(home: Path) -> None:
    detail, hint = said("state-credentials", "s3://bucket", {"AWS_PROFILE": "nobody"})
    assert 'no profile "nobody"' in detail
    assert "list-profiles" in hint


def test_a_file_that_cannot_be_read_is_named_and_not_quoted(home: Path) -> None:
    aws(home, credentials="[default]\nhunter2\n")
    detail, _ = said("state-credentials", "s3://bucket", {})
    assert ".aws/credentials cannot be read" in detail
    assert "hunter2" not in detail


def test_no_credentials_anywhere(home: Path) -> None:
    detail, hint = said("state-credentials", "s3://bucket", {"AWS_EC2_METADATA_DISABLED": "true"})
    assert "none in the environment" in detail
    assert "AWS_ACCESS_KEY_ID" in hint


def test_certificates_that_are_not_there(home: Path) -> None:
    detail, _ = said("state-credentials", "s3://bucket", {**KEYS, "AWS_CA_BUNDLE": str(home / "none.pem")})
    assert "AWS_CA_BUNDLE cannot be read: No such file" in detail


SSO = "[profile sso]\nsso_session = me\nsso_account_id = 1\nsso_role_name = r\n[sso-session me]\nsso_region = x\n"
SSO += "sso_start_url = https://example.awsapps.com/start\n"


def test_a_profile_that_signs_in_needs_an_extra(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without boto3."""
    aws(home, SSO)
    monkeypatch.setitem(sys.modules, "boto3", None)
    real = importlib.util.find_spec
    monkeypatch.setattr(s3, "find_spec", lambda name: None if name == "boto3" else real(name))
    detail, hint = said("state-library", "s3://bucket", {"AWS_PROFILE": "sso"})
    assert "needs boto3" in detail
    assert "pip install 'reconcile[aws]'" in hint


def test_a_session_that_is_over_says_how_to_sign_in(home: Path) -> None:
    aws(home, SSO)
    detail, hint = said("state-credentials", "s3://bucket?profile=sso", {})
    assert 'the profile "sso" does not sign in' in detail
    assert "aws sso login" in hint


def test_a_program_and_a_role_sign_in(home: Path, s3_server: S3Server, no_clouds: pytest.MonkeyPatch) -> None:
    """What boto3 gets from the program, or from the role (assumed at moto), opens the place."""
    keys = {"Version": 1, "AccessKeyId": "AKIAPROGRAM", "SecretAccessKey": "program-secret"}
    (home / "print.py").write_text(f"print({json.dumps(json.dumps(keys))})")
    program = f"credential_process = {sys.executable} {home / 'print.py'}"
    role = "role_arn = arn:aws:iam::123456789012:role/state\nsource_profile = program"
    aws(home, f"[profile program]\n{program}\n[profile role]\n{role}\n")
    no_clouds.setenv("AWS_ENDPOINT_URL", s3_server.url)
    no_clouds.setenv("AWS_REGION", "us-east-1")
    no_clouds.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert given(s3_store("s3://bucket?profile=program", os.environ))["access_key_id"] == "AKIAPROGRAM"
    assumed = given(s3_store("s3://bucket?profile=role", os.environ))
    assert assumed["access_key_id"] != "AKIAPROGRAM"
    assert assumed["token"]
    backend = open_backend(f"{s3_server.fresh()}?profile=role", Path(), "prod", os.environ)
    backend.create("lock.json", b"x")
    assert backend.read("lock.json") == b"x"


def test_profiles_are_read_as_the_command_line_reads_them(home: Path) -> None:
    aws(home, "[default]\nregion = a\n[profile x]\nregion = b\n[x]\nregion = c\n", "[x]\nregion = d\nAWS_KEY = %(x)s\n")
    assert read_profile("default", {}) == {"region": "a"}
    assert read_profile("x", {}) == {"region": "d", "aws_key": "%(x)s"}
    assert read_profile("y", {}) is None


@pytest.mark.parametrize(
    ("endpoint", "answer"),
    [
        ("", True),
        ("https://s3.eu-west-1.amazonaws.com", True),
        ("https://bucket.vpce-1.s3.us-east-1.vpce.amazonaws.com", True),
        ("https://storage.googleapis.com", True),
        ("https://acct01.blob.core.windows.net", True),
        ("https://amazonaws.com.example", False),
        ("https://notamazonaws.com", False),
        ("http://127.0.0.1:9000", False),
    ],
)
def test_a_server_that_only_speaks_like_a_cloud_is_known(endpoint: str, answer: bool) -> None:
    assert is_own(endpoint) is answer
