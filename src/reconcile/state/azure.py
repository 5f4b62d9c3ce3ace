"""Azure Blob Storage, and its emulator.

Credentials, the first that there is: account key, workload identity, client secret, shared access signature, ``az
login``, managed identity. Names of variables are those of the Azure SDKs and of the az command line.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import StateError
from reconcile.state.connection import ONCE, Connection, client, is_own
from reconcile.state.location import Location, checked_endpoint

if TYPE_CHECKING:
    from obstore.store import AzureConfig

# The emulator's account is the same on every machine and public.
# https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key
EMULATOR_ACCOUNT = "devstoreaccount1"
EMULATOR_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

_CONNECTION_STRING = "AZURE_STORAGE_CONNECTION_STRING"

# With any of these, obstore knows by itself how to sign in.
_SIGN_IN = (
    *("AZURE_STORAGE_TOKEN", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_MASTER_KEY"),
    *("AZURE_STORAGE_SAS_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_FEDERATED_TOKEN_FILE"),
    *("AZURE_CLIENT_SECRET", "AZURE_STORAGE_CLIENT_SECRET", "AZURE_SKIP_SIGNATURE"),
    *("IDENTITY_ENDPOINT", "AZURE_MSI_ENDPOINT", "AZURE_IDENTITY_ENDPOINT", "AZURE_USE_AZURE_CLI"),
)


def connect(location: Location, prefix: str, environ: Mapping[str, str]) -> Connection:
    """Return a connection to the keys below ``prefix``. Reads files, makes no call. Raises ``StateError``."""
    from obstore.store import AzureStore

    given = _connection_string(environ)
    is_emulator = _is_emulator(given, environ)
    account = _account(location, given, environ) or (EMULATOR_ACCOUNT if is_emulator else "")
    if not account:
        raise StateError(_no_account(location))
    endpoint = _endpoint(location, account, given, environ, is_emulator)
    config: AzureConfig = {
        "account_name": account,
        # It would force a port; endpoint, account and key say the same.
        "use_emulator": False,
        **_sign_in(given, environ, is_emulator),
    }
    if endpoint:
        config["endpoint"] = endpoint
    return Connection(
        AzureStore(location.bucket, prefix=prefix, config=config, client_options=client(endpoint), retry_config=ONCE),
        is_proven=is_own(endpoint),
    )


def _connection_string(environ: Mapping[str, str]) -> Mapping[str, str]:
    pairs = (part.partition("=") for part in environ.get(_CONNECTION_STRING, "").split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs if value}


def _is_emulator(given: Mapping[str, str], environ: Mapping[str, str]) -> bool:
    said = given.get("UseDevelopmentStorage", environ.get("AZURE_STORAGE_USE_EMULATOR", ""))
    return said.lower() in ("true", "1")


def _account(location: Location, given: Mapping[str, str], environ: Mapping[str, str]) -> str:
    return (
        location.account
        or location.options.get("account")
        or environ.get("AZURE_STORAGE_ACCOUNT_NAME")
        or environ.get("AZURE_STORAGE_ACCOUNT")
        or given.get("AccountName")
        or ""
    )


def _endpoint(
    location: Location, account: str, given: Mapping[str, str], environ: Mapping[str, str], is_emulator: bool
) -> str:
    """Return where the server is when it is not ``https://ACCOUNT.blob.core.windows.net``; empty otherwise."""
    for said_by, found in (
        ("`endpoint`", location.options.get("endpoint")),
        ("the account's host", f"https://{account}.blob.{location.domain}" if location.domain else None),
        *((name, environ.get(name)) for name in ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT")),
        (f"BlobEndpoint in {_CONNECTION_STRING}", given.get("BlobEndpoint")),
    ):
        if found:
            return checked_endpoint(found, said_by, location, environ)
    if is_emulator:
        url = environ.get("AZURITE_BLOB_STORAGE_URL") or "http://127.0.0.1:10000"
        return checked_endpoint(f"{url.rstrip('/')}/{account}", "AZURITE_BLOB_STORAGE_URL", location, environ)
    suffix = given.get("EndpointSuffix", "core.windows.net")
    if suffix == "core.windows.net":
        return ""
    return checked_endpoint(
        f"https://{account}.blob.{suffix}", f"EndpointSuffix in {_CONNECTION_STRING}", location, environ
    )


def _sign_in(given: Mapping[str, str], environ: Mapping[str, str], is_emulator: bool) -> AzureConfig:
    """Return how to sign in where obstore does not find out by itself."""
    if key := given.get("AccountKey") or environ.get("AZURE_STORAGE_KEY"):
        return {"account_key": key}
    if signature := given.get("SharedAccessSignature"):
        return {"sas_key": signature}
    if any(environ.get(name) for name in _SIGN_IN):
        # What App Service, Functions and Container Apps call the variable.
        endpoint = environ.get("IDENTITY_ENDPOINT")
        return {"msi_endpoint": endpoint} if endpoint else {}
    if is_emulator:
        return {"account_key": EMULATOR_KEY}
    return {"use_azure_cli": True} if _has_az_login(environ) else {}


def _has_az_login(environ: Mapping[str, str]) -> bool:
    folder = Path(environ.get("AZURE_CONFIG_DIR") or "~/.azure").expanduser()
    return (folder / "azureProfile.json").is_file() and shutil.which("az", path=environ.get("PATH")) is not None


def _no_account(location: Location) -> Diagnostic:
    return Diagnostic(
        code="state-location",
        summary="Not a place for the state",
        detail=f"{location} does not say in which storage account the container is.",
        hint=f"write az://{location.bucket}@ACCOUNT.blob.core.windows.net, or set AZURE_STORAGE_ACCOUNT_NAME",
    )
