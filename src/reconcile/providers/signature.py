"""Self-signed JWTs (RS256): a key that is read and parsed once, and the service-account login of Tailer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconcile.core.errors import AuthFailed
from reconcile.providers.session import Means, Token

# platforms/tailer.md section 1.2: the audience that the published recipe signs for, and an hour of life.
TAILER_AUDIENCE = "https://tailer-api-nqonovswsq-ew.a.run.app"
SELF_SIGNED_SECONDS = 3600


class Key:
    """A private key in PEM, as text or in a file. Read at the first signature, and once: it takes 31 ms."""

    def __init__(self, text: str | None, file: str | None = None) -> None:
        self._text = text
        self._file = file
        self._parsed: Any = None

    def __repr__(self) -> str:
        return "<Key>"

    def signed(self, claims: Mapping[str, Any], means: Means, headers: Mapping[str, str] | None = None) -> str:
        """Return the claims as a signed JWT, known to the redactor. Raises ``AuthFailed``; never shows the key."""
        if self._parsed is None:
            self._parsed = _parsed(self._pem(means), means)
        try:
            import jwt
        except ImportError:
            raise _without_extra(means) from None
        text = jwt.encode(dict(claims), self._parsed, algorithm="RS256", headers=dict(headers or {}))
        means.hide(text)
        return text

    def _pem(self, means: Means) -> str:
        text = _read(self._file, means) if self._file else self._text or ""
        # In an environment variable the line breaks are often written as \\n.
        if "\n" not in text.strip():
            text = text.replace("\\n", "\n")
        means.hide(text)
        return text


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Signs its own token with the key of a Google service account (a JSON file)."""

    key_file: str
    audience: str = TAILER_AUDIENCE
    renewable: bool = field(default=True, init=False)
    advice: str = field(
        default=(
            "check that Tailer knows this service account, that its key was not revoked, that the audience is right, "
            "and that this machine's clock is"
        ),
        init=False,
    )
    _signer: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def obtain(self, means: Means) -> Token:
        """Return a new token of one hour. Makes no call. Raises ``AuthFailed`` when the key file is of no use."""
        if not self._signer:
            self._signer.update(_service_account(_read(self.key_file, means), means))
        email = self._signer["email"]
        now = int(means.now())
        ends = now + SELF_SIGNED_SECONDS
        claims = {"iat": now, "exp": ends, "iss": email, "sub": email, "email": email, "aud": self.audience}
        text = self._signer["key"].signed(claims, means, {"kid": self._signer["kid"]})
        return Token(text, ends_at=float(ends))


def _read(file: str, means: Means) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise AuthFailed(f"{means.connection}: the key file {file!r} cannot be read: {reason}") from None


def _parsed(pem: str, means: Means) -> Any:
    try:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise _without_extra(means) from None
    try:
        key = load_pem_private_key(pem.strip().encode(), password=None)
    except Exception:  # it raises many kinds, some of which quote the key
        key = None
    if key is None or not hasattr(key, "private_numbers") or not hasattr(key.private_numbers(), "p"):
        raise AuthFailed(
            f"{means.connection}: the private key is no RSA key in PEM form, or it has a passphrase",
            hint='it begins with "-----BEGIN PRIVATE KEY-----"; remove a passphrase with: openssl rsa -in KEY -out NEW',
        ) from None
    return key


def _service_account(text: str, means: Means) -> dict[str, Any]:
    try:
        found = json.loads(text)
        email, kid, pem = (found[name] for name in ("client_email", "private_key_id", "private_key"))
    except (ValueError, KeyError, TypeError):
        raise AuthFailed(
            f"{means.connection}: key_file is no Google service account key",
            hint="it is the JSON file with client_email, private_key_id and private_key",
        ) from None
    means.hide(str(pem))
    return {"email": str(email), "kid": str(kid), "key": Key(str(pem))}


def _without_extra(means: Means) -> AuthFailed:
    return AuthFailed(
        f"{means.connection}: this auth method signs tokens, and the packages for that are not installed",
        hint='pip install "reconcile[jwt]"',
    )
