"""What obstore's words mean, for those that no server of the tests says."""

from __future__ import annotations

import pytest
from obstore.exceptions import GenericError, UnauthenticatedError

from reconcile.state.answer import Answer, Case, answer_of

METADATA = "http://169.254.169.254/latest/api/token"
STS = "https://sts.eu-west-1.amazonaws.com/?Action=AssumeRoleWithWebIdentity&WebIdentityToken=hunter2"
GOOGLE = "https://oauth2.googleapis.com/token"
NOBODY = "HTTP error: error sending request"
ANSWERED = "Server returned non-2xx status code:"


def after(host: str, words: str, debug: str = "") -> Answer:
    """Return what is made of a failed request to a login server."""
    text = f"Generic S3 error: Error performing POST {host} in 1.2ms - {words}\n\nDebug source:\n{debug}"
    return answer_of(GenericError(text))


@pytest.mark.parametrize(
    ("host", "words", "case", "reason"),
    [
        (METADATA, f"{ANSWERED} 403 Forbidden: no", Case.SIGNED_OUT, "this machine has no identity"),
        (METADATA, NOBODY, Case.SIGNED_OUT, "this machine has no identity"),
        ("http://metadata.google.internal/computeMetadata", NOBODY, Case.SIGNED_OUT, "no identity"),
        (METADATA, f"{ANSWERED} 503 Service Unavailable: ", Case.BROKEN, "answered 503"),
        (METADATA, f"{ANSWERED} 429 Too Many Requests: ", Case.BROKEN, "answered 429"),
        (
            STS,
            f"{ANSWERED} 400 Bad Request: <Error><Code>ExpiredTokenException</Code><Message>Expired</Message></Error>",
            Case.REFUSED,
            "ExpiredTokenException: Expired",
        ),
        (STS, f"{ANSWERED} 403 Forbidden: <Error><Code>AccessDenied</Code></Error>", Case.REFUSED, "AccessDenied"),
        (STS, NOBODY, Case.UNREACHABLE, "the connection failed"),
        (STS, f"{ANSWERED} 500 Internal Server Error: ", Case.BROKEN, "answered 500"),
        (
            GOOGLE,
            f'{ANSWERED} 400 Bad Request: {{"error": "invalid_grant", "error_description": "Token has been revoked."}}',
            Case.REFUSED,
            "invalid_grant: Token has been revoked",
        ),
        (
            GOOGLE,
            f'{ANSWERED} 400 Bad Request: {{"error": "invalid_grant", "error_description": '
            '"Invalid JWT: Token must be a short-lived token and in a reasonable timeframe."}',
            Case.CLOCK,
            "reasonable timeframe",
        ),
    ],
)
def test_a_login_that_fails(host: str, words: str, case: Case, reason: str) -> None:
    found = after(host, words)
    assert found.case is case
    assert reason in found.reason
    assert "hunter2" not in f"{found}"


@pytest.mark.parametrize(
    ("text", "case", "reason"),
    [
        (
            "The operation lacked valid authentication credentials for path External AWS credential provider: "
            "UnauthorizedSSOTokenError: The SSO session has expired.\nsecond line",
            Case.REFUSED,
            "The SSO session has expired. second line",
        ),
        ("... External GCP credential provider: TransportError: no route", Case.UNREACHABLE, "no route"),
    ],
)
def test_a_provider_of_credentials_that_fails(text: str, case: Case, reason: str) -> None:
    assert answer_of(UnauthenticatedError(text)) == Answer(case, reason)


@pytest.mark.parametrize(
    "text",
    [
        "Generic S3 error: Failed to read token file '/var/token': No such file or directory (os error 2)",
        "Generic MicrosoftAzure error: 'az account get-access-token' command failed: Please run 'az login'",
    ],
)
def test_credentials_that_are_not_there(text: str) -> None:
    found = answer_of(GenericError(text))
    assert (found.case, found.reason) == (Case.SIGNED_OUT, text)


@pytest.mark.parametrize(
    ("debug", "reason"),
    [
        ('ConnectError("dns error", Custom { error: "failed to lookup" })', "the name of the host is not known"),
        ("InvalidCertificate(UnknownIssuer)", "its certificate is not trusted"),
        ("kind: Timeout", "no answer in time"),
        ("something new", "the connection failed"),
    ],
)
def test_why_there_is_no_connection(debug: str, reason: str) -> None:
    found = after("https://s3.example/bucket/key", NOBODY, debug)
    assert found == Answer(Case.UNREACHABLE, reason, "https://s3.example")


def test_words_are_one_line_without_secrets_and_end_somewhere() -> None:
    text = "bad https://h.example/x?sig=hunter2&se=1 and sig=hunter2\nor secret=hunter2 " + "x" * 999
    found = answer_of(GenericError(text)).reason
    assert "\n" not in found
    assert "hunter2" not in found
    assert len(found) <= 300


def test_nothing_is_said_of_no_words() -> None:
    assert (
        after("https://s3.example/b", f"{ANSWERED} 418 I'm a teapot: ").reason == "the answer was 418, without a word"
    )
