"""The token endpoint and sessions."""

import base64
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from .client import RECIPES, Api

TOKEN = "/services/oauth2/token"
CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def claims(**changed: object) -> dict[str, object]:
    given = {"iss": "sandbox-client", "sub": "ci@example.test", "aud": "https://login.salesforce.com"}
    return {**given, "exp": int(time.time()) + 120, **changed}


def unsigned(payload: object, alg: str = "RS256") -> str:
    parts = (json.dumps({"alg": alg}), json.dumps(payload), "signature")
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


def test_client_credentials_open_a_session(api: Api) -> None:
    granted = api.http.post(TOKEN, data={"grant_type": "client_credentials", **CLIENT}).json()
    assert granted["instance_url"] == str(api.http.base_url).rstrip("/")
    assert granted["token_type"] == "Bearer"
    assert granted["issued_at"].isdigit()
    assert "expires_in" not in granted
    assert api.crm("GET", RECIPES, token=granted["access_token"]).status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "client_credentials", **CLIENT, "client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "sandbox-client"}, "invalid_client"),
        ({"grant_type": "client_credentials", **CLIENT, "client_id": "other"}, "invalid_client_id"),
        ({"grant_type": "password", **CLIENT}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", **CLIENT, "refresh_token": "unknown"}, "invalid_grant"),
        ({"grant_type": BEARER, "assertion": "a.b"}, "invalid_grant"),
        ({"grant_type": BEARER, "assertion": "a.b.c"}, "invalid_grant"),
    ],
)
def test_refusals_are_400_with_oauths_words(api: Api, form: dict[str, str], error: str) -> None:
    response = api.http.post(TOKEN, data=form)
    assert (response.status_code, response.json()["error"]) == (400, error)
    assert response.json()["error_description"]


def test_a_refresh_token_lasts_unless_it_rotates(api: Api) -> None:
    form = {"grant_type": "refresh_token", "client_id": "sandbox-client", "refresh_token": "sandbox-refresh-token"}
    assert [api.http.post(TOKEN, data=form).status_code for _ in range(2)] == [200, 200]
    api.switch(refresh_rotates=True)
    fresh = api.http.post(TOKEN, data=form).json()["refresh_token"]
    assert api.http.post(TOKEN, data=form).json()["error"] == "invalid_grant"
    assert api.http.post(TOKEN, data={**form, "refresh_token": fresh}).status_code == 200


def test_a_jwt_is_accepted_by_its_claims(api: Api) -> None:
    response = api.http.post(TOKEN, data={"grant_type": BEARER, "assertion": unsigned(claims())})
    assert api.crm("GET", RECIPES, token=response.json()["access_token"]).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [{"iss": "other"}, {"sub": ""}, {"aud": "https://example.test"}, {"exp": 1}, {"exp": "soon"}],
)
def test_a_jwt_is_refused_by_its_claims(api: Api, changed: dict[str, object]) -> None:
    response = api.http.post(TOKEN, data={"grant_type": BEARER, "assertion": unsigned(claims(**changed))})
    assert response.status_code == 400


def test_a_jwt_must_be_rs256(api: Api) -> None:
    response = api.http.post(TOKEN, data={"grant_type": BEARER, "assertion": unsigned(claims(), "none")})
    assert response.status_code == 400


def test_a_registered_key_makes_the_signature_count(api: Api) -> None:
    keys = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
    pem = keys[0].public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    api.switch(jwt_public_key=pem.decode())
    statuses = [
        api.http.post(TOKEN, data={"grant_type": BEARER, "assertion": assertion}).status_code
        for assertion in (*(jwt.encode(claims(), key, algorithm="RS256") for key in keys), unsigned(claims()))
    ]
    assert statuses == [200, 400, 400]


@pytest.mark.parametrize("token", ["", "unknown"])
def test_without_a_session_everything_is_401(api: Api, token: str) -> None:
    for path in (RECIPES, "/services/data/v60.0/limits", "/services/data/v60.0/nowhere"):
        response = api.crm("GET", path, token=token)
        assert response.status_code == 401
        assert response.json() == [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]


def test_sessions_expire_on_demand(api: Api) -> None:
    token = api.http.post(TOKEN, data={"grant_type": "client_credentials", **CLIENT}).json()["access_token"]
    assert api.admin("POST", "crm/expire-sessions")["expired"] == 2
    assert [api.crm("GET", RECIPES, token=each).status_code for each in (token, "sandbox-access-token")] == [401, 401]
    fresh = api.http.post(TOKEN, data={"grant_type": "client_credentials", **CLIENT}).json()["access_token"]
    assert api.crm("GET", RECIPES, token=fresh).status_code == 200


def test_a_token_may_wear_out(api: Api) -> None:
    api.switch(token_uses=2, access_tokens=["a", "b"])
    assert [api.crm("GET", RECIPES, token="a").status_code for _ in range(3)] == [200, 200, 401]
    assert api.crm("GET", RECIPES, token="b").status_code == 200
