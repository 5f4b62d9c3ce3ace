"""Profiles of the AWS command line: ``~/.aws/config`` and ``~/.aws/credentials``, which obstore does not read."""

from __future__ import annotations

from collections.abc import Mapping
from configparser import Error, RawConfigParser
from pathlib import Path

# A profile with one of these says how to sign in; others hold no more than a region.
SIGN_IN = frozenset(
    {"aws_access_key_id", "role_arn", "credential_process", "credential_source", "web_identity_token_file"}
    | {"sso_session", "sso_start_url", "sso_account_id", "login_session"}
)


def read_profile(name: str, environ: Mapping[str, str]) -> Mapping[str, str] | None:
    """Return the settings of a profile, those of the credentials file first; None when neither file has it.

    Raises ``ValueError``, which names the file and nothing that is in it, when a file cannot be read.
    """
    config = _section(
        _path(environ, "AWS_CONFIG_FILE", "config"), "default" if name == "default" else f"profile {name}"
    )
    keys = _section(_path(environ, "AWS_SHARED_CREDENTIALS_FILE", "credentials"), name)
    return None if config is None and keys is None else {**(config or {}), **(keys or {})}


def _path(environ: Mapping[str, str], variable: str, name: str) -> Path:
    return Path(environ.get(variable) or f"~/.aws/{name}").expanduser()


def _section(path: Path, name: str) -> Mapping[str, str] | None:
    parser = RawConfigParser(default_section="\0", strict=False)
    try:
        with path.open(encoding="utf-8") as file:
            parser.read_file(file)
    except FileNotFoundError:
        return None
    except (Error, OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read ({type(error).__name__})") from None
    return dict(parser[name]) if parser.has_section(name) else None
