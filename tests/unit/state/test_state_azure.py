"""Where credentials for Azure come from, and what is said when there are none that can be used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from cloud_bed import said
from obstore.store import AzureStore

from reconcile.state import azure
from reconcile.state.location import parse_location


def azure_store(location: str = "az://box", environ: Mapping[str, str] | None = None) -> AzureStore:
    store = azure.connect(parse_location(location), "prod", environ or {}).store
    assert isinstance(store, AzureStore)
    return store


ACCOUNT = {"AZURE_STORAGE_ACCOUNT_NAME": "acct01"}
KEY = "c2VjcmV0LWtleS1zZWNyZXQta2V5cw=="


@pytest.mark.parametrize(
    ("location", "environ"),
    [
        ("az://box@acct01.blob.core.windows.net/p", {}),
        ("az://box?account=acct01", {"AZURE_STORAGE_ACCOUNT_NAME": "other"}),
        ("az://box", ACCOUNT),
        ("az://box", {"AZURE_STORAGE_ACCOUNT": "acct01"}),
        ("az://box", {"AZURE_STORAGE_CONNECTION_STRING": f"AccountName=acct01;AccountKey={KEY}"}),
    ],
)
def test_the_account_is_found(home: Path, location: str, environ: Mapping[str, str]) -> None:
    assert azure_store(location, environ).config["account_name"] == "acct01"


def test_without_an_account_both_ways_to_name_it_are_said(home: Path) -> None:
    detail, hint = said("state-location", "az://box/p", {})
    assert "which storage account" in detail
    assert "az://box@ACCOUNT.blob.core.windows.net" in hint
    assert "AZURE_STORAGE_ACCOUNT_NAME" in hint


def test_a_connection_string_is_enough(home: Path) -> None:
    text = f"DefaultEndpointsProtocol=https;AccountName=acct01;AccountKey={KEY};EndpointSuffix=core.chinacloudapi.cn"
    config = azure_store(environ={"AZURE_STORAGE_CONNECTION_STRING": text}).config
    assert config["account_key"] == KEY
    assert config["endpoint"] == "https://acct01.blob.core.chinacloudapi.cn"


def test_a_connection_string_with_a_signature_and_an_endpoint(home: Path) -> None:
    text = (
        "BlobEndpoint=https://blobs.example/acct01/;SharedAccessSignature=sv=2021-08-06&sig=abc%3D;AccountName=acct01"
    )
    config = azure_store(environ={"AZURE_STORAGE_CONNECTION_STRING": text}).config
    assert (config["endpoint"], config["sas_key"]) == ("https://blobs.example/acct01", "sv=2021-08-06&sig=abc%3D")


def test_the_key_s_other_name_is_that_of_the_command_line(home: Path) -> None:
    assert azure_store(environ={**ACCOUNT, "AZURE_STORAGE_KEY": KEY}).config["account_key"] == KEY


@pytest.mark.parametrize(
    "environ",
    [{"AZURE_STORAGE_USE_EMULATOR": "true"}, {"AZURE_STORAGE_CONNECTION_STRING": "UseDevelopmentStorage=true"}],
)
def test_the_emulator_needs_nothing_else(home: Path, environ: Mapping[str, str]) -> None:
    config = azure_store(environ=environ).config
    assert config["endpoint"] == "http://127.0.0.1:10000/devstoreaccount1"
    assert (config["account_name"], config["account_key"]) == (azure.EMULATOR_ACCOUNT, azure.EMULATOR_KEY)


def test_the_long_form_s_host_counts_for_clouds_of_their_own(home: Path) -> None:
    config = azure_store("az://box@acct01.dfs.core.usgovcloudapi.net").config
    assert config["endpoint"] == "https://acct01.blob.core.usgovcloudapi.net"


def az_program(home: Path, text: str) -> Mapping[str, str]:
    """Put an ``az`` on the PATH, logged in."""
    (home / ".azure").mkdir()
    (home / ".azure/azureProfile.json").write_text("{}")
    (home / "bin").mkdir()
    program = home / "bin/az"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return {**ACCOUNT, "PATH": f"{home / 'bin'}:{os.environ['PATH']}"}


def test_az_login_is_used_when_there_is_nothing_else(home: Path) -> None:
    environ = az_program(home, "exit 1")
    assert "use_azure_cli" in azure_store(environ=environ).config
    for more in ({"AZURE_STORAGE_ACCOUNT_KEY": KEY}, {"AZURE_CLIENT_SECRET": "x"}, {"IDENTITY_ENDPOINT": "http://x"}):
        assert "use_azure_cli" not in azure_store(environ={**environ, **more}).config


def test_az_login_that_is_over_is_said(home: Path, no_clouds: pytest.MonkeyPatch) -> None:
    environ = az_program(home, "echo 'ERROR: Please run az login to setup account.' >&2; exit 1")
    no_clouds.setenv("PATH", environ["PATH"])
    detail, hint = said("state-credentials", "az://box", environ)
    assert "az account get-access-token" in detail
    assert "az login" in hint


def test_a_managed_identity_of_app_service(home: Path) -> None:
    environ = {**ACCOUNT, "IDENTITY_ENDPOINT": "http://127.0.0.1:41000/msi/token"}
    assert azure_store(environ=environ).config["msi_endpoint"] == "http://127.0.0.1:41000/msi/token"


def test_a_key_that_is_no_key_is_not_repeated(home: Path) -> None:
    detail, _ = said("state-credentials", "az://box", {**ACCOUNT, "AZURE_STORAGE_KEY": "hunter2 !!"})
    assert "hunter2" not in detail
