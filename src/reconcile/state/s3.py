"""Amazon S3, and servers that speak like it.

Credentials are looked for where the AWS command line looks, in its order: keys in the environment, the profile, web
identity, the container's, the machine's. obstore knows all but profiles; those with keys are read here, for the others
(SSO, roles, processes) boto3 signs in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reconcile.state.aws_profile import SIGN_IN, read_profile
from reconcile.state.cloud_trouble import WORDS, no_credentials, no_library
from reconcile.state.connection import ONCE, Connection, client, is_own
from reconcile.state.location import Location, checked_endpoint

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Credential

    Provider = Callable[[], S3Credential]

# boto3 renews what it hands out while at least ten minutes of it are left.
FRESH_FOR = timedelta(minutes=10)

_ELSEWHERE = (
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_SKIP_SIGNATURE",
)


def connect(location: Location, prefix: str, environ: Mapping[str, str]) -> Connection:
    """Return a connection to the keys below ``prefix``. Reads files, makes no call. Raises ``StateError``."""
    from obstore.store import S3Store

    profile = _profile(location, environ)
    endpoint = _endpoint(location, profile, environ)
    config: S3Config = {
        # The environment could switch both off or on; neither is a matter of taste here.
        "conditional_put": "etag",
        "disable_bulk_delete": True,
    }
    region = location.options.get("region") or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if region := region or profile.get("region"):
        config["region"] = region
    if not location.switch("path_style", default=True):
        config["virtual_hosted_style_request"] = True
        endpoint = _with_bucket(endpoint, location.bucket)
    if endpoint:
        config["aws_endpoint_url_s3"] = endpoint
    provider = _provider(location, profile, environ)
    return Connection(
        S3Store(
            location.bucket,
            prefix=prefix,
            config=config,
            client_options=client(endpoint, _certificates(location, environ)),
            retry_config=ONCE,
            **({"credential_provider": provider} if provider else {}),
        ),
        is_proven=is_own(endpoint),
    )


def _name(location: Location, environ: Mapping[str, str]) -> str:
    """Return the name of the profile that was asked for; empty when none was."""
    named = location.options.get("profile") or environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE")
    return named or ""


def _profile(location: Location, environ: Mapping[str, str]) -> Mapping[str, str]:
    name = _name(location, environ)
    try:
        found = read_profile(name or "default", environ)
    except ValueError as error:
        raise no_credentials(str(location), str(error), "correct the file, or give keys in the environment") from None
    if found is None and name:
        reason = f'there is no profile "{name}" in ~/.aws/config and ~/.aws/credentials'
        raise no_credentials(str(location), reason, "`aws configure list-profiles` shows those that there are")
    return found or {}


def _endpoint(location: Location, profile: Mapping[str, str], environ: Mapping[str, str]) -> str:
    """Return where the server is when it is not AWS's default; empty otherwise."""
    given = (
        ("`endpoint`", location.options.get("endpoint")),
        *((name, environ.get(name)) for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")),
        ("endpoint_url of the profile", profile.get("endpoint_url")),
    )
    said_by, found = next(((name, value) for name, value in given if value), ("", None))
    return checked_endpoint(found, said_by, location, environ) if found else ""


def _with_bucket(endpoint: str, bucket: str) -> str:
    if not endpoint:
        return ""
    url = urlsplit(endpoint)
    return url._replace(netloc=f"{bucket}.{url.netloc}").geturl()


def _certificates(location: Location, environ: Mapping[str, str]) -> bytes:
    path = environ.get("AWS_CA_BUNDLE")
    try:
        return Path(path).expanduser().read_bytes() if path else b""
    except OSError as error:
        reason = f"AWS_CA_BUNDLE cannot be read: {error.strerror}"
        raise no_credentials(str(location), reason, "correct the path, or leave it unset") from None


def _provider(location: Location, profile: Mapping[str, str], environ: Mapping[str, str]) -> Provider | None:
    """Return where a profile's credentials come from; None when obstore finds credentials by itself."""
    name = _name(location, environ)
    if "profile" not in location.options:
        if environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY"):
            return None
        if not name and any(environ.get(each) for each in _ELSEWHERE):
            return None
    if not SIGN_IN & profile.keys():
        if environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
            raise no_credentials(str(location), "there are none in the environment or a profile", WORDS["s3"].sign_in)
        return None
    if profile.get("aws_access_key_id") and profile.get("aws_secret_access_key") and "role_arn" not in profile:
        return _Keys(profile)
    return _signed_in(location, name)


class _Keys:
    """The keys of a profile."""

    def __init__(self, profile: Mapping[str, str]) -> None:
        self._profile = profile

    def __call__(self) -> S3Credential:
        return {
            "access_key_id": self._profile["aws_access_key_id"],
            "secret_access_key": self._profile["aws_secret_access_key"],
            "token": self._profile.get("aws_session_token"),
            "expires_at": None,
        }


class _SignedIn:
    """The keys that boto3 gets for a profile, renewed by it."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def __call__(self) -> S3Credential:
        found = self._credentials.get_frozen_credentials()
        return {
            "access_key_id": found.access_key,
            "secret_access_key": found.secret_key,
            "token": found.token,
            "expires_at": datetime.now(UTC) + FRESH_FOR,
        }


def _signed_in(location: Location, name: str) -> Provider:
    if find_spec("boto3") is None:
        reason = f'the profile "{name or "default"}" signs in by a role, SSO or a program, which needs boto3'
        raise no_library(str(location), reason, "aws")
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        credentials = boto3.Session(profile_name=name or None).get_credentials()
        if credentials is None:
            raise no_credentials(str(location), f'the profile "{name}" gives none', WORDS["s3"].sign_in)
        provider = _SignedIn(credentials)
        provider()
    except BotoCoreError as error:
        reason = f'the profile "{name or "default"}" does not sign in: {str(error).rstrip(".")}'
        raise no_credentials(str(location), reason, "sign in again, for example with `aws sso login`") from None
    return provider
