"""What went wrong with a place in a cloud, as errors with a way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import StateError
from reconcile.state.answer import Answer, Case


@dataclass(frozen=True, slots=True)
class Words:
    """What one cloud calls things, for hints."""

    name: str
    bucket: str
    rights: Mapping[str, str]
    sign_in: str


WORDS: Mapping[str, Words] = {
    "s3": Words(
        "S3",
        "bucket",
        {"read": "s3:GetObject and s3:ListBucket", "write": "s3:PutObject", "delete": "s3:DeleteObject"},
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile with AWS_PROFILE, or give the machine a role",
    ),
    "gs": Words(
        "Google Cloud Storage",
        "bucket",
        {
            "read": "storage.objects.get and storage.objects.list",
            "write": "storage.objects.create and storage.objects.delete",
            "delete": "storage.objects.delete",
        },
        "set GOOGLE_APPLICATION_CREDENTIALS, run `gcloud auth application-default login`, or give the machine a "
        "service account",
    ),
    "az": Words(
        "Azure Blob Storage",
        "container",
        dict.fromkeys(("read", "write", "delete"), "the role Storage Blob Data Contributor"),
        "set AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN or AZURE_CLIENT_ID, AZURE_TENANT_ID and "
        "AZURE_CLIENT_SECRET, run `az login`, or give the machine an identity",
    ),
}


def cloud_trouble(doing: str, place: str, scheme: str, answer: Answer) -> StateError:
    """Return the error to raise when ``doing`` ("read", "write", "delete") something at ``place`` failed."""
    code, summary, hint = _said(doing, WORDS[scheme], answer)
    where = f" ({answer.host})" if answer.host and answer.case in (Case.UNREACHABLE, Case.OTHER) else ""
    detail = f"Cannot {doing} {place}: {answer.reason}{where}."
    return StateError(Diagnostic(code=code, summary=summary, detail=detail, hint=hint))


def unsuitable(place: str, scheme: str, reason: str) -> StateError:
    """Return the error for a store in which one of two writers would silently overwrite the other."""
    return StateError(
        Diagnostic(
            code="state-unsuitable",
            summary="This store cannot keep a state",
            detail=f"{place}: {reason}. Two runs at once would overwrite each other's state unseen.",
            hint=f"use {WORDS[scheme].name} itself, or a server that has its conditional writes",
        )
    )


def no_library(place: str, reason: str, extra: str) -> StateError:
    """Return the error for a sign-in that needs a library of an extra that is not installed."""
    return StateError(
        Diagnostic(
            code="state-library",
            summary="A library for this place of the state is missing",
            detail=f"{place}: {reason}.",
            hint=f"pip install 'reconcile[{extra}]', or sign in another way",
        )
    )


def no_credentials(place: str, reason: str, hint: str) -> StateError:
    """Return the error for credentials that are not there or cannot be read."""
    return StateError(Diagnostic("state-credentials", "No credentials for the state", f"{place}: {reason}.", hint))


def _said(doing: str, words: Words, answer: Answer) -> tuple[str, str, str]:
    """Return code, summary and hint."""
    match answer.case:
        case Case.PLACE_MISSING:
            return (
                "state-no-bucket",
                f"The {words.bucket} for the state is not there",
                f"create the {words.bucket}, or correct `state:`; reconcile never creates one",
            )
        case Case.FORBIDDEN:
            return (
                "state-forbidden",
                "No right to use the state",
                f"to {doing} there needs {words.rights[doing]}; docs/state.md has the least rights that do",
            )
        case Case.SIGNED_OUT:
            return "state-credentials", "No credentials for the state", words.sign_in
        case Case.REFUSED:
            return (
                "state-credentials-refused",
                "The credentials for the state were refused",
                "sign in again or renew them: they are wrong, withdrawn or expired",
            )
        case Case.CLOCK:
            return (
                "state-clock",
                "The clock of this machine is wrong",
                "set the clock (NTP): stores refuse requests whose time is minutes off",
            )
        case Case.REGION if words.name == "S3":
            return (
                "state-region",
                "The bucket is in another region",
                "name the bucket's region: AWS_REGION, or `?region=...` in `state:`",
            )
        case Case.BUSY:
            return "state-busy", "The store asks for patience", "wait a little and run it again"
        case Case.UNREACHABLE:
            return (
                "state-unreachable",
                "The store cannot be reached",
                "check the network, and the account or endpoint that is named (in `state:` or the environment)",
            )
        case Case.NOT_OFFERED:
            return (
                "state-unsuitable",
                "This store cannot keep a state",
                f"use {words.name} itself, or a server that has its conditional writes",
            )
        case Case.BROKEN:
            return "state-unavailable", "The state cannot be used", "the store has trouble: run it again later"
        case Case.OTHER | Case.REGION | Case.CONFLICT | Case.KEY_MISSING | Case.KEY_TAKEN:
            return (
                "state-unavailable",
                "The state cannot be used",
                "check that the endpoint and `state:` lead to the right store",
            )
        case _:
            assert_never(answer.case)
