"""The OAuth token endpoint and the sessions it opens.

Source: crm_analytics.md 5 (flows, response without `expires_in`, error shape: H). Error texts are assumed.
"""

import base64
import importlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from reconcile.sandbox.switch import Switches
from reconcile.sandbox.wire import Call, Json, Reply, json_reply

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - a simulator's published password

ORG_ID = "00D5e0000000001EAA"
USER_ID = "0055e0000000001AAA"
"""The user that every session belongs to."""

_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class OAuthError(Exception):
    """A refused token request; `error` is OAuth's word for why."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


@dataclass(slots=True)
class Sessions:
    """Who may call: sessions opened here and the switch `access_tokens`. Not saved: a restart ends all."""

    switches: Switches
    _uses: dict[str, int] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)
    _expired: set[str] = field(default_factory=set)
    _rotated: dict[str, str] = field(default_factory=dict)

    def accepts(self, token: str) -> bool:
        """Return whether the token is good for this call, and count the call."""
        if not token or token in self._expired:
            return False
        if token not in self._open and token not in self.switches["access_tokens"]:
            return False
        limit = self.switches["token_uses"]
        used = self._uses[token] = self._uses.get(token, 0) + 1
        if limit is not None and used > limit:
            self._expired.add(token)
            return False
        return True

    def expire(self) -> int:
        """Return how many tokens stopped working just now, pre-made ones included."""
        alive = (self._open | set(self.switches["access_tokens"])) - self._expired
        self._expired |= alive
        return len(alive)

    def reset(self) -> None:
        """End all sessions; pre-made tokens work again."""
        for each in (self._uses, self._open, self._expired, self._rotated):
            each.clear()

    def token(self, call: Call) -> Reply:
        """Return the answer of `POST /services/oauth2/token`."""
        if call.method != "POST":
            return json_reply({"error": "invalid_request", "error_description": "must use HTTP POST"}, 400)
        form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
        try:
            granted = self._grant(form, call)
        except OAuthError as refusal:
            return json_reply({"error": refusal.error, "error_description": str(refusal)}, 400)
        return json_reply(granted, headers={"cache-control": "no-store"})

    def _grant(self, form: dict[str, str], call: Call) -> Json:
        grant = form.get("grant_type", "")
        extra: Json = {}
        if grant == "client_credentials":
            _check_client(form, secret_required=True)
        elif grant == "refresh_token":
            _check_client(form, secret_required=False)
            extra = self._refresh(form.get("refresh_token", ""))
        elif grant == _JWT_BEARER:
            _check_assertion(form.get("assertion", ""), call.base_url(), self.switches["jwt_public_key"])
        else:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        token = f"{ORG_ID[:15]}!{secrets.token_urlsafe(48)}"
        self._open.add(token)
        return {
            "access_token": token,
            "signature": base64.b64encode(secrets.token_bytes(32)).decode(),
            "scope": "api wave_api",
            "instance_url": call.base_url(),
            "id": f"https://login.salesforce.com/id/{ORG_ID}/{USER_ID}",
            "token_type": "Bearer",
            "issued_at": str(int(time.time() * 1000)),
            **extra,
        }

    def _refresh(self, given: str) -> Json:
        spent = given in self._rotated
        if spent or not (given in self.switches["refresh_tokens"] or given in self._rotated.values()):
            raise OAuthError("invalid_grant", "expired access/refresh token")
        if not self.switches["refresh_rotates"]:
            return {}
        self._rotated[given] = f"5Aep{secrets.token_urlsafe(32)}"
        return {"refresh_token": self._rotated[given]}


def _check_client(form: dict[str, str], *, secret_required: bool) -> None:
    if form.get("client_id") != CLIENT_ID:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    given = form.get("client_secret")
    if given != CLIENT_SECRET and (secret_required or given is not None):
        raise OAuthError("invalid_client", "invalid client credentials")


def _check_assertion(assertion: str, base_url: str, public_key: str | None) -> None:
    """Refuse all but a current RS256 JWT with the right claims; verify its signature when a key is registered."""
    header, claims = _jwt(assertion)
    if header.get("alg") != "RS256":
        raise OAuthError("invalid_grant", "invalid assertion: algorithm not supported")
    if claims.get("iss") != CLIENT_ID:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if not claims.get("sub"):
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    if claims.get("aud") not in (*_AUDIENCES, base_url):
        raise OAuthError("invalid_grant", "audience is invalid")
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or expires <= time.time():
        raise OAuthError("invalid_grant", "expired authorization code")
    if public_key is not None and not _signature_holds(assertion, public_key):
        raise OAuthError("invalid_grant", "invalid assertion: signature does not verify")


def _jwt(assertion: str) -> tuple[Json, Json]:
    try:
        first, second, third = assertion.split(".")
        header, claims = (json.loads(unbase64(part)) for part in (first, second))
    except ValueError:
        raise OAuthError("invalid_grant", "invalid assertion") from None
    if not (third and isinstance(header, dict) and isinstance(claims, dict)):
        raise OAuthError("invalid_grant", "invalid assertion")
    return header, claims


def unbase64(text: str) -> bytes:
    """Return the bytes of base64url text without padding; a ValueError when it is none."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _signature_holds(assertion: str, public_key: str) -> bool:
    """Verify RS256 when `cryptography` is there; without it any signature will do."""
    try:
        serialization: Any = importlib.import_module("cryptography.hazmat.primitives.serialization")
        padding: Any = importlib.import_module("cryptography.hazmat.primitives.asymmetric.padding")
        hashes: Any = importlib.import_module("cryptography.hazmat.primitives.hashes")
        exceptions: Any = importlib.import_module("cryptography.exceptions")
    except ImportError:
        return True
    signed, _, signature = assertion.rpartition(".")
    key = serialization.load_pem_public_key(public_key.encode())
    try:
        key.verify(unbase64(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (exceptions.InvalidSignature, ValueError):
        return False
    return True
