"""Google Cloud Storage.

Credentials are Application Default Credentials, in their order: ``GOOGLE_APPLICATION_CREDENTIALS``, the file of gcloud,
the machine's service account. obstore knows service accounts and users; for other files (workload identity federation,
impersonation) google-auth signs in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconcile.state.cloud_trouble import no_credentials, no_library
from reconcile.state.connection import ONCE, Connection, client, is_own
from reconcile.state.location import Location, checked_endpoint

if TYPE_CHECKING:
    from obstore.store import GCSConfig, GCSCredential

    Provider = Callable[[], GCSCredential]

_OWN_FILES = frozenset({"service_account", "authorized_user"})
_AWS_TOKEN = "urn:ietf:params:aws:token-type:aws4_request"  # noqa: S105 - the name of a sort of token
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"

# What gives credentials without a file that has to be looked into.
_DIRECT = ("GOOGLE_BEARER_TOKEN", "GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH", "GOOGLE_SERVICE_ACCOUNT_KEY")


def connect(location: Location, prefix: str, environ: Mapping[str, str]) -> Connection:
    """Return a connection to the keys below ``prefix``. Reads files, makes no call. Raises ``StateError``."""
    from obstore.store import GCSStore

    endpoint, is_emulator = _endpoint(location, environ)
    config: GCSConfig = {"base_url": endpoint} if endpoint else {}
    provider: Provider | None = None
    if is_emulator and not any(environ.get(name) for name in _DIRECT):
        config["skip_signature"] = True
    elif not any(environ.get(name) for name in _DIRECT) and (path := _file(environ)):
        document = _document(path, location)
        if document["type"] in _OWN_FILES:
            config["application_credentials"] = str(path)
        else:
            provider = _signed_in(document, path, location)
    return Connection(
        GCSStore(
            location.bucket,
            prefix=prefix,
            config=config,
            client_options=client(endpoint),
            retry_config=ONCE,
            **({"credential_provider": provider} if provider else {}),
        ),
        is_proven=is_own(endpoint),
    )


def _endpoint(location: Location, environ: Mapping[str, str]) -> tuple[str, bool]:
    """Return where the server is (empty for Google's own), and whether it is an emulator, which wants no login."""
    for said_by, found in (
        ("`endpoint`", location.options.get("endpoint")),
        ("GOOGLE_BASE_URL", environ.get("GOOGLE_BASE_URL")),
    ):
        if found:
            return checked_endpoint(found, said_by, location, environ), False
    if emulator := environ.get("STORAGE_EMULATOR_HOST"):
        url = emulator if "://" in emulator else f"http://{emulator}"
        return checked_endpoint(url, "STORAGE_EMULATOR_HOST", location, environ), True
    return "", False


def _file(environ: Mapping[str, str]) -> Path | None:
    """Return the file with Application Default Credentials; None when there is none."""
    if named := environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
        return Path(named).expanduser()
    folder = environ.get("CLOUDSDK_CONFIG")
    if not folder:
        folder = f"{environ['APPDATA']}/gcloud" if environ.get("APPDATA") else "~/.config/gcloud"
    path = Path(folder).expanduser() / "application_default_credentials.json"
    return path if path.is_file() else None


def _document(path: Path, location: Location) -> Mapping[str, Any]:
    try:
        document: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(document["type"], str):
            return document
        reason = f"{path} is no file with Google credentials"
    except OSError as error:
        reason = f"{path} cannot be read: {error.strerror}"
    except (ValueError, LookupError, TypeError):
        reason = f"{path} is no file with Google credentials"
    raise no_credentials(str(location), reason, "correct GOOGLE_APPLICATION_CREDENTIALS, or sign in again with gcloud")


class _SignedIn:
    """The tokens that google-auth gets with a file."""

    def __init__(self, credentials: Any, request: Any) -> None:
        self._credentials, self._request = credentials, request

    def __call__(self) -> GCSCredential:
        self._credentials.refresh(self._request)
        expiry = self._credentials.expiry
        return {"token": self._credentials.token, "expires_at": expiry and expiry.replace(tzinfo=UTC)}


def _signed_in(document: Mapping[str, Any], path: Path, location: Location) -> Provider:
    if find_spec("google") is None or find_spec("google.auth") is None or find_spec("requests") is None:
        reason = f"{path} is for a sign-in that needs google-auth"
        raise no_library(str(location), reason, "gcp")
    from google.auth.exceptions import GoogleAuthError
    from google.auth.transport.requests import Request

    try:
        return _SignedIn(_loaded(document), Request())
    except (GoogleAuthError, ValueError, LookupError, TypeError, AttributeError) as error:
        # Not its words: they may hold what is in the file.
        reason = f'{path}, with "type": "{document["type"]}", cannot be used ({type(error).__name__})'
        raise no_credentials(str(location), reason, "correct the file, or make a new one") from None


def _loaded(document: Mapping[str, Any]) -> Any:
    """Return what google-auth makes of a file. Its own choice between them asks Google for a project on the way."""
    from google.auth import aws, external_account_authorized_user, identity_pool, impersonated_credentials, pluggable

    match document["type"]:
        case "external_account" if document.get("subject_token_type") == _AWS_TOKEN:
            return aws.Credentials.from_info(document, scopes=[_SCOPE])
        case "external_account" if "executable" in document["credential_source"]:
            return pluggable.Credentials.from_info(document, scopes=[_SCOPE])
        case "external_account":
            return identity_pool.Credentials.from_info(document, scopes=[_SCOPE])
        case "external_account_authorized_user":
            return external_account_authorized_user.Credentials.from_info(document, scopes=[_SCOPE])
        case "impersonated_service_account":
            sort = impersonated_credentials.Credentials
            return sort.from_impersonated_service_account_info(document, scopes=[_SCOPE])
        case _:
            raise ValueError("unknown type")
