"""The OAuth 2.0 logins of Salesforce: client credentials, JWT bearer, refresh token.

A token answer of Salesforce has no ``expires_in``: the org's session policy decides, and a 401 tells
(platforms/crm_analytics.md section 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconcile.core.errors import AuthFailed, BadAnswer
from reconcile.providers.answer import Answer, shown
from reconcile.providers.session import Means, Token, usable
from reconcile.providers.signature import Key
from reconcile.providers.translate import describe

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path
PRODUCTION = "https://login.salesforce.com"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# Salesforce takes assertions that end within a few minutes.
ASSERTION_SECONDS = 180

_ADVICE = "the login works, but the platform refuses its session: check the app's scopes (api) and its user"
_HINTS = {
    "invalid_client_id": "check client_id: it is the consumer key of the connected app",
    "invalid_client": "check client_id and client_secret, and that the app allows this login",
    "invalid_grant": (
        "check that the app is approved for this user, that the user is active, and that login_url and audience "
        "are of this kind of org (production or sandbox)"
    ),
    "inactive_user": "the user is inactive: activate it, or log in as another one",
    "inactive_org": "the org is closed or locked",
    "invalid_app_access": "give the user access to the connected app (permission set or profile)",
    "unsupported_grant_type": "switch this login on in the connected app",
    "unauthorized_client": "switch this login on in the connected app",
    "invalid_assertion": "check that the private key belongs to the certificate of the connected app",
    "redirect": "use the org's own URL (https://MYDOMAIN.my.salesforce.com)",
}


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Logs in as the app's own user, with the app's id and secret. Works with the org's own host only."""

    client_id: str
    client_secret: str = field(repr=False)
    login_url: str | None = None
    renewable: bool = field(default=True, init=False)
    advice: str = field(
        default=_ADVICE,
        init=False,
    )

    def obtain(self, means: Means) -> Token:
        """Return a new access token. Raises ``AuthFailed`` when the login is refused."""
        means.hide(self.client_secret)
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id.strip(),
            "client_secret": self.client_secret.strip(),
        }
        return _token(_posted(means, self.login_url, form), means)


@dataclass(frozen=True, slots=True)
class JwtBearer:
    """Logs in as ``username`` with an assertion signed by the app's private key: the PEM text, or a file of it."""

    client_id: str
    username: str
    private_key: str | None = field(default=None, repr=False)
    private_key_file: str | None = None
    login_url: str | None = None
    audience: str = PRODUCTION
    renewable: bool = field(default=True, init=False)
    advice: str = field(default=_ADVICE, init=False)
    _key: Key = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_key", Key(self.private_key, self.private_key_file))

    def obtain(self, means: Means) -> Token:
        """Return a new access token. Raises ``AuthFailed`` when the login is refused, or the key is of no use."""
        claims = {
            "iss": self.client_id.strip(),
            "sub": self.username.strip(),
            "aud": self.audience,
            "exp": int(means.now()) + ASSERTION_SECONDS,
        }
        form = {"grant_type": JWT_GRANT, "assertion": self._key.signed(claims, means)}
        return _token(_posted(means, self.login_url, form), means)


class RefreshToken:
    """Logs in with the refresh token of an earlier login by a person.

    Where the app rotates refresh tokens, the new one serves until the process ends; the one that was given is then
    of no more use, which the user is told.
    """

    renewable = True
    advice = _ADVICE

    def __init__(
        self, client_id: str, refresh_token: str, client_secret: str | None = None, login_url: str | None = None
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._login_url = login_url
        self._refresh_token = refresh_token.strip()

    def __repr__(self) -> str:
        return f"RefreshToken(client_id={self._client_id!r})"

    def obtain(self, means: Means) -> Token:
        """Return a new access token. Raises ``AuthFailed`` when the login is refused."""
        form = {"grant_type": "refresh_token", "client_id": self._client_id, "refresh_token": self._refresh_token}
        if self._client_secret:
            form["client_secret"] = self._client_secret
        for secret in (self._refresh_token, self._client_secret or ""):
            means.hide(secret)
        body = _posted(means, self._login_url, form)
        self._rotate(body.get("refresh_token"), means)
        return _token(body, means)

    def _rotate(self, new: object, means: Means) -> None:
        if not isinstance(new, str) or new in {"", self._refresh_token}:
            return
        means.hide(new)
        self._refresh_token = new
        means.tell(
            "the platform replaced the refresh token: the configured one may not work again "
            "(switch refresh token rotation off in the app, or use another auth method)"
        )


def _posted(means: Means, login_url: str | None, form: Mapping[str, str]) -> Mapping[str, Any]:
    """Send the form to the token endpoint and return the JSON object of a success."""
    base = login_url or means.base_url
    if not base:
        raise AuthFailed(
            f"{means.connection}: there is no URL to log in at", hint="set instance_url, or login_url under auth"
        )
    base = base.rstrip("/")
    url = base if base.endswith("/token") else base + TOKEN_PATH
    answer = means.post(url, form)
    if not answer.is_success:
        raise _refused(answer)
    try:
        body = answer.json()
    except BadAnswer as error:
        raise AuthFailed(error.diagnostics[0].detail, hint="check login_url", status=answer.status) from None
    if not isinstance(body, dict):
        raise AuthFailed(f"{answer.place}: the answer is no JSON object", hint="check login_url", status=answer.status)
    return body


def _refused(answer: Answer) -> AuthFailed:
    code, words = describe(answer)
    if 300 <= answer.status < 400:
        code, words = "redirect", "the login sends us elsewhere; credentials were not sent there"
    hint = _HINTS.get(code or "", "check login_url and the settings under auth")
    said = " ".join(part for part in (str(answer.status), code or "") if part)
    return AuthFailed(f"{answer.place}: {said}: {shown(answer.redact(words))}", hint=hint, status=answer.status)


def _token(body: Mapping[str, Any], means: Means) -> Token:
    where = body.get("instance_url")
    return Token(
        usable(body.get("access_token"), "token of the login", means),
        instance_url=where if isinstance(where, str) else None,
    )
