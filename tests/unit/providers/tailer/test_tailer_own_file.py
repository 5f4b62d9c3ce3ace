"""What a redeploy of users' own Tailer files would undo."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.own_file import OwnFile
from reconcile.core.snapshot import Desired
from reconcile.core.source import Span
from reconcile.providers.base import JudgesFiles
from reconcile.providers.tailer.kinds import Connection
from reconcile.providers.tailer.provider import PROVIDER

SETTINGS = {
    "provider": "tailer",
    "account": "000099",
    "environment": "DEV",
    "auth": {"method": "token", "token": "not-a-real-token"},
}
DEV = Connection.model_validate(SETTINGS)


def written(name: str = "a.json", **members: Any) -> OwnFile:
    """Return a file whose members stand on lines of their own."""
    values = {"configuration_type": "table-to-table", "configuration_id": "load", "environment": "DEV", **members}
    values = {key: value for key, value in values.items() if value is not None}
    return OwnFile(name, values, {key: Span(name, line, 3) for line, key in enumerate(values, 2)})


def entry(name: str = "table-to-table:load_DEV", *, activated: bool = False, archived: bool = False) -> Desired:
    address = Address("tailer", "configuration", name)
    return Desired(address, {"activated": activated, "archived": archived}, Span("tailer.yaml", 7, 5))


def judged(files: list[OwnFile], *desired: Desired) -> list[Diagnostic]:
    return list(PROVIDER.judge_files("tailer", DEV, files, {each.address: each for each in desired}))


def test_the_provider_says_that_it_can() -> None:
    assert isinstance(PROVIDER, JudgesFiles)


def test_a_flag_that_a_redeploy_would_set_otherwise() -> None:
    (told,) = judged([written(activated=True, archived=False)], entry())
    assert (told.code, told.severity, told.address) == (
        "tailer-file-differs",
        Severity.WARNING,
        "tailer/configuration/table-to-table:load_DEV",
    )
    assert told.span == Span("a.json", 5, 3)
    assert (
        told.detail == "A redeploy of this file sets activated to true, and table-to-table:load_DEV is to have false."
    )
    assert told.hint == 'write "activated": false there before it is deployed again, or change tailer.yaml:7'


def test_a_file_that_agrees_is_silent() -> None:
    assert judged([written(activated=False, archived=False)], entry()) == []
    assert judged([written()], entry(activated=True)) == []


def test_a_flag_that_is_not_there_is_the_platforms_default() -> None:
    on, back = judged([written(archive=True)], entry(archived=True))
    assert "activated to true" in on.detail
    assert 'It does not have "activated", and then Tailer takes true.' in on.detail
    assert on.span == Span("a.json", 3, 3)
    assert "archived to false" in back.detail
    assert '"archive" means nothing to Tailer' in back.hint


@pytest.mark.parametrize("value", ["true", 1, None, [], "hunter2-not-shown"])
def test_what_is_no_flag_is_not_guessed_and_not_shown(value: object) -> None:
    file = written(archived=False)
    file = OwnFile(file.file, {**file.values, "activated": value}, {**file.places, "activated": Span("a.json", 9, 3)})
    (told,) = judged([file], entry())
    assert told.code == "tailer-file-unreadable"
    assert told.span == Span("a.json", 9, 3)
    assert "hunter2" not in f"{told}"


def test_a_file_that_cannot_be_read() -> None:
    (told,) = judged([OwnFile("a.json", trouble="it is no JSON", trouble_at=Span("a.json", 2, 1))], entry())
    assert (told.code, told.span) == ("tailer-file-unreadable", Span("a.json", 2, 1))


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({}, "table-to-table:load_DEV"),
        ({}, "table-to-table:load"),
        ({"configuration_type": "gbq-to-gbq"}, "table-to-table:load_DEV"),
        ({"configuration_type": "workflow"}, "workflow:load"),
        ({"configuration_type": "storage-to-storage"}, "storage-to-storage:000099_my_context_load"),
        ({"configuration_type": "context"}, "context:000099_load"),
        ({"configuration_id": "{{FD_ACCOUNT}}_x", "configuration_type": "workflow"}, "workflow:000099_x"),
        ({"environment": "{{FD_ENV}}", "account": "{{FD_ACCOUNT}}"}, "table-to-table:load_DEV"),
        ({"environment": None}, "table-to-table:load_DEV"),
    ],
)
def test_which_entry_a_file_is_about(members: dict[str, Any], name: str) -> None:
    """The rule of the SDK: a table-to-table gets its environment, or any type account and context."""
    told = judged([written(activated=True, **members)], entry(name))
    assert [(each.code, each.address) for each in told] == [
        ("tailer-file-differs", f"tailer/configuration/{name}"),
    ]


@pytest.mark.parametrize(
    "members",
    [
        {"environment": "PROD"},
        {"account": "000100"},
        {"configuration_type": "something-else"},
        {"configuration_id": None},
        {"configuration_type": ["workflow"]},
    ],
)
def test_which_files_are_not_for_this_connection(members: dict[str, Any]) -> None:
    assert judged([written(activated=True, **members)], entry()) == []


def test_the_longest_end_of_an_id_is_the_file() -> None:
    """``000099_ctx_pre_load`` may be of ``load`` in context ``ctx_pre``; if there is a ``pre_load``, it is that."""
    files = [written("short.json"), written("long.json", configuration_id="pre_load")]
    told = judged(files, entry("table-to-table:000099_ctx_pre_load"))
    assert [(each.code, each.span and each.span.file) for each in told] == [
        ("tailer-file-differs", "long.json"),
        ("tailer-file-not-declared", "short.json"),
    ]


def test_two_files_for_one_entry_are_both_told() -> None:
    told = judged([written("a.json"), written("b.json", activated=False), written("c.json")], entry())
    assert [each.span and each.span.file for each in told] == ["a.json", "c.json"]


def test_a_file_without_an_entry_is_a_note() -> None:
    (told,) = judged([written()])
    assert (told.code, told.severity) == ("tailer-file-not-declared", Severity.NOTE)
    assert told.address == "tailer/configuration/table-to-table:load_DEV"
    assert "its id is load_DEV" in told.hint


def test_patterns_are_checked() -> None:
    assert Connection.model_validate({**SETTINGS, "files": ["../ops/**/*.json"]}).files == ("../ops/**/*.json",)
    for wrong in ([""], [" "], ["~/x.json"], ["a\0b"], [1], "../ops/*.json"):
        with pytest.raises(ValidationError):
            Connection.model_validate({**SETTINGS, "files": wrong})
