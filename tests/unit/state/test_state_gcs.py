"""Where credentials for Google Cloud Storage come from, and what is said when there are none that can be used."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from cloud_bed import said
from obstore.store import GCSStore

from reconcile.state import gcs
from reconcile.state.location import parse_location


def gcs_store(location: str = "gs://bucket", environ: Mapping[str, str] | None = None) -> GCSStore:
    store = gcs.connect(parse_location(location), "prod", environ or {}).store
    assert isinstance(store, GCSStore)
    return store


def adc(home: Path, document: object, folder: str = ".config/gcloud") -> Path:
    path = home / folder / "application_default_credentials.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


USER = {"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c"}
FEDERATED = {
    "type": "external_account",
    "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p",
    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
    "token_url": "https://sts.googleapis.com/v1/token",
    "credential_source": {"file": "/nowhere"},
}


def test_the_file_of_gcloud_is_found(home: Path) -> None:
    path = adc(home, USER)
    assert gcs_store().config["application_credentials"] == str(path)


def test_the_folder_of_gcloud_can_be_elsewhere(home: Path) -> None:
    path = adc(home, USER, "cloudsdk")
    store = gcs_store(environ={"CLOUDSDK_CONFIG": str(home / "cloudsdk")})
    assert store.config["application_credentials"] == str(path)


def test_a_file_that_is_named_comes_first(home: Path) -> None:
    adc(home, USER)
    other = adc(home, USER, "other")
    assert gcs_store(environ={"GOOGLE_APPLICATION_CREDENTIALS": str(other)}).config == {
        "bucket": "bucket",
        "application_credentials": str(other),
    }


def test_a_federated_identity_is_google_auth_s(home: Path) -> None:
    """As google-github-actions/auth writes it."""
    store = gcs_store(environ={"GOOGLE_APPLICATION_CREDENTIALS": str(adc(home, FEDERATED))})
    assert store.credential_provider is not None
    assert "application_credentials" not in store.config


def test_a_federated_identity_needs_an_extra(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gcs, "find_spec", lambda _: None)
    environ = {"GOOGLE_APPLICATION_CREDENTIALS": str(adc(home, FEDERATED))}
    detail, hint = said("state-library", "gs://bucket", environ)
    assert "needs google-auth" in detail
    assert "pip install 'reconcile[gcp]'" in hint


def test_a_federated_identity_that_does_not_sign_in(home: Path, no_clouds: pytest.MonkeyPatch) -> None:
    no_clouds.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(adc(home, FEDERATED)))
    detail, _ = said("state-credentials-refused", "gs://bucket", os.environ)
    assert "/nowhere" in detail


IMPERSONATED = {
    "type": "impersonated_service_account",
    "service_account_impersonation_url": "https://iamcredentials.googleapis.com/v1/x/sa@p.iam:generateAccessToken",
    "source_credentials": USER,
}


@pytest.mark.parametrize(
    "document",
    [
        IMPERSONATED,
        {
            **FEDERATED,
            "subject_token_type": gcs._AWS_TOKEN,
            "credential_source": {
                "environment_id": "aws1",
                "regional_cred_verification_url": "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity",
            },
        },
        {**FEDERATED, "credential_source": {"executable": {"command": "/bin/true"}}},
        {**FEDERATED, "credential_source": {"url": "https://token.example"}},
    ],
    ids=["impersonated", "aws", "program", "url"],
)
def test_every_sign_in_of_google_auth_s_is_known(home: Path, document: object) -> None:
    environ = {"GOOGLE_APPLICATION_CREDENTIALS": str(adc(home, document))}
    assert gcs_store(environ=environ).credential_provider is not None


@pytest.mark.parametrize("document", [{"type": "hunter3"}, {**FEDERATED, "credential_source": "hunter2"}])
def test_a_sign_in_that_nobody_knows_is_named(home: Path, document: object) -> None:
    environ = {"GOOGLE_APPLICATION_CREDENTIALS": str(adc(home, document))}
    detail, _ = said("state-credentials", "gs://bucket", environ)
    assert "cannot be used" in detail
    assert "hunter2" not in detail


@pytest.mark.parametrize("text", ["hunter2", "[]", "{}", '{"private_key": "hunter2"}'])
def test_a_file_that_holds_no_credentials_is_named_and_not_quoted(home: Path, text: str) -> None:
    path = adc(home, text)
    detail, _ = said("state-credentials", "gs://bucket", {"GOOGLE_APPLICATION_CREDENTIALS": str(path)})
    assert f"{path} is no file with Google credentials" in detail
    assert "hunter2" not in detail


def test_a_key_that_is_none(home: Path) -> None:
    key = {"type": "service_account", "private_key": "hunter2", "private_key_id": "a", "client_email": "e@x"}
    environ = {"GOOGLE_APPLICATION_CREDENTIALS": str(adc(home, key))}
    detail, _ = said("state-credentials", "gs://bucket", environ)
    assert "hunter2" not in detail


def test_a_file_that_is_not_there(home: Path) -> None:
    detail, _ = said("state-credentials", "gs://bucket", {"GOOGLE_APPLICATION_CREDENTIALS": str(home / "none.json")})
    assert "none.json cannot be read: No such file" in detail


@pytest.mark.parametrize("value", ["127.0.0.1:4443", "http://127.0.0.1:4443"])
def test_an_emulator_wants_no_login(home: Path, value: str) -> None:
    adc(home, USER)
    store = gcs_store(environ={"STORAGE_EMULATOR_HOST": value})
    assert store.config["base_url"] == "http://127.0.0.1:4443"
    assert "application_credentials" not in store.config


def test_an_emulator_elsewhere_has_to_be_allowed(home: Path) -> None:
    detail, _ = said("state-location", "gs://bucket", {"STORAGE_EMULATOR_HOST": "gcs:4443"})
    assert "STORAGE_EMULATOR_HOST is http://" in detail
