"""Every way to log in, each a small value that knows its secrets and shows none.

========================  =====================================================  ==================
class                     is given                                               renews
========================  =====================================================  ==================
``BearerToken``           a token that somebody else made                        no
``ApiKey``                a key for a header of its own                          no
``ClientCredentials``     an app's id and secret (Salesforce)                    on 401
``JwtBearer``             an app's id, a user, a private key (Salesforce)        on 401
``RefreshToken``          a person's earlier login (Salesforce)                  on 401
``SfCli``                 an alias that the ``sf`` program knows                 on 401
``TailerCli``             nothing: the ``tailer`` program is logged in           on 401
``ServiceAccount``        a Google service account's key file (Tailer)           before its end, 401
========================  =====================================================  ==================
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reconcile.providers.cli_login import SfCli, TailerCli
from reconcile.providers.oauth import ClientCredentials, JwtBearer, RefreshToken
from reconcile.providers.session import Auth, Means, Token, usable
from reconcile.providers.signature import ServiceAccount

__all__ = [
    "ApiKey",
    "Auth",
    "BearerToken",
    "ClientCredentials",
    "JwtBearer",
    "Means",
    "RefreshToken",
    "ServiceAccount",
    "SfCli",
    "TailerCli",
    "Token",
]


@dataclass(frozen=True, slots=True)
class BearerToken:
    """A token that somebody else made, in ``Authorization: Bearer``."""

    token: str = field(repr=False)
    renewable: bool = field(default=False, init=False)
    advice: str = field(
        default="the token has ended or is for another place: put a fresh one where this connection's auth reads it",
        init=False,
    )

    def obtain(self, means: Means) -> Token:
        """Return the token as it was given."""
        return Token(usable(self.token, "token", means))


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key in a header of its own (Tamr Cloud: ``X-API-KEY``)."""

    key: str = field(repr=False)
    header: str = "X-API-KEY"
    renewable: bool = field(default=False, init=False)
    advice: str = field(
        default="check that the API key is whole, not revoked, and of this tenant; "
        "Tamr's are made and revoked in Admin Center > API Keys",
        init=False,
    )

    def obtain(self, means: Means) -> Token:
        """Return the key as it was given."""
        return Token(usable(self.key, "API key", means), header=self.header, scheme="")
