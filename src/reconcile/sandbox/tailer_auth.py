"""Who may call the Tailer API.

Source: tailer.md 1.2 (service-account JWT: RS256, exp, aud = the API's host; H) and section 3 (error bodies as the
gateway that very likely fronts it prints them; M). Signatures are not verified: no key is known here.
"""

import base64
import json
import time
from typing import Any

from reconcile.sandbox.switch import Switches
from reconcile.sandbox.wire import Call, Json, Reply, dump, json_reply

HOST = "https://tailer-api-nqonovswsq-ew.a.run.app"
"""The published address, the audience of service-account tokens."""


def refusal(call: Call, switches: Switches) -> Reply | None:
    """Return the 401 or 403 that this request gets, None when it may pass."""
    token = call.bearer()
    if not token:
        return _denied(401, "Jwt is missing")
    if token in switches["tailer_tokens"]:
        return None
    claims = _claims(token)
    if claims is None:
        return _denied(401, "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections")
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or expires <= time.time():
        return _denied(401, "Jwt is expired")
    if claims.get("aud") not in (HOST, f"{HOST}/", call.base_url()):
        return _denied(403, "Audiences in Jwt are not allowed")
    return None


def make_token(email: str, lifetime: int) -> str:
    """Return a token that passes here for `lifetime` seconds: right in form, with a signature that means nothing."""
    now = int(time.time())
    claims = {"iss": email, "sub": email, "email": email, "aud": HOST, "iat": now, "exp": now + lifetime}
    parts = (dump({"typ": "JWT", "alg": "RS256", "kid": "sandbox"}), dump(claims), b"sandbox-signature")
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def _claims(token: str) -> Json | None:
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        return None
    try:
        header, claims = (_part(part) for part in parts[:2])
    except ValueError:
        return None
    return claims if isinstance(header, dict) and isinstance(claims, dict) else None


def _part(text: str) -> Any:
    return json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))


def _denied(status: int, message: str) -> Reply:
    body = {"code": status, "message": message}
    return json_reply(body, status, headers={"www-authenticate": "Bearer"} if status == 401 else None)
