"""Tailer: the documented bodies, both forms of success, every form of failure, order and advice."""

import json
from typing import Any, cast

import pytest
from pydantic import TypeAdapter, ValidationError

from reconcile.core.address import Address
from reconcile.core.errors import BadAnswer, PlatformError, Rejected
from reconcile.core.kind import Action
from reconcile.core.request import Request
from reconcile.core.snapshot import Unreadable, Values
from reconcile.providers.answer import Answer
from reconcile.providers.base import Wanted
from reconcile.providers.http import WriteClient
from reconcile.providers.tailer.api import TailerReader, TailerWriter, confirm
from reconcile.providers.tailer.kinds import (
    HOST,
    Configuration,
    ConfigurationKind,
    Connection,
    WorkflowReset,
    WorkflowResetKind,
)
from reconcile.providers.tailer.provider import PROVIDER

DEV: dict[str, Any] = {
    "provider": "tailer",
    "account": "000099",
    "environment": "DEV",
    "auth": {"method": "token", "token": "header.payload.signature"},
}
ACCOUNT = Connection.model_validate(DEV)
CONNECTED = PROVIDER.connected(ACCOUNT)


def declare(entry: dict[str, Any], **connection: str) -> Any:
    return ConfigurationKind().declare(
        Configuration.model_validate(entry), Connection.model_validate({**DEV, **connection})
    )


def flags(activated: bool, archived: bool, *, type: str = "table-to-table", id: str = "000099_x_DEV") -> dict[str, Any]:
    return {"type": type, "id": id, "activated": activated, "archived": archived}


# Reference page "API features": the three samples of set_configuration_status, and the one of reset_workflow_status.
SET_STATUS = """{ "action": "set_configuration_status",
          "activated" : %s,
          "archived" : %s,
          "account": "000099",
          "environment": "DEV",
          "configuration_type": "table-to-table",
          "configuration_id": "000099_Load_PDA_f_traffic_ma_DEV"}"""
RESET = """{ "action": "reset_workflow_status",
          "account": "000099",
          "environment": "DEV",
          "configuration_type": "workflow",
          "configuration_id": "000099-iowa-liquor-load-pda"}"""


@pytest.mark.parametrize(("activated", "archived"), [(False, False), (True, False), (False, True)])
def test_the_documented_body_of_each_flag(activated: bool, archived: bool) -> None:
    """Disable, enable and archive: the samples of the reference page, in one repeatable call."""
    declared = declare(flags(activated, archived, id="000099_Load_PDA_f_traffic_ma_DEV"))
    address = Address("tailer_dev", "configuration", declared.name)
    (request,) = CONNECTED["configuration"].requests(Action.ASSERT, address, None, declared.values)
    expected = json.loads(SET_STATUS % (json.dumps(activated), json.dumps(archived)))
    assert request == Request("POST", "/v1/configuration/status", expected, repeatable=True)


def test_the_documented_body_of_a_reset() -> None:
    """The sample of the reference page; it must not be sent twice by itself."""
    declared = WorkflowResetKind().declare(
        WorkflowReset(workflow="000099-iowa-liquor-load-pda", once="JC was relaunched"), ACCOUNT
    )
    address = Address("tailer_dev", "workflow_reset", declared.name)
    (request,) = CONNECTED["workflow_reset"].requests(Action.RUN, address, None, declared.values)
    assert request == Request("POST", "/v1/workflow/status", json.loads(RESET), repeatable=False)
    assert declared.values == {"once": "JC was relaunched"}


def test_forgetting_sends_nothing() -> None:
    """There is no delete call."""
    for name in ("configuration", "workflow_reset"):
        assert CONNECTED[name].requests(Action.FORGET, Address("t", name, "workflow:x"), None, {}) == ()


def test_an_id_with_colons_stays_whole() -> None:
    """Only the first colon of the name divides type and id."""
    address = Address("t", "configuration", declare(flags(True, False, type="workflow", id="a:b")).name)
    (request,) = CONNECTED["configuration"].requests(
        Action.UPDATE, address, None, {"activated": True, "archived": False}
    )
    assert request.body is not None
    assert (request.body["configuration_type"], request.body["configuration_id"]) == ("workflow", "a:b")


def test_gbq_to_gbq_is_table_to_table() -> None:
    """The internal name is the same operation: one address, one body."""
    assert declare(flags(True, False, type="gbq-to-gbq")).name == "table-to-table:000099_x_DEV"
    assert declare(flags(True, False, type="gbq-to-gbq")) == declare(flags(True, False))


OK: dict[str, Any] = {
    "setter": {"message": "ok"},
    "reset": {"code": 200, "data": {}, "message": "ok"},
    "loud": {"message": " OK "},
    "code as text": {"code": "200", "message": "ok"},
}


@pytest.mark.parametrize("name", OK)
def test_success(name: str) -> None:
    """Both documented forms, in any case."""
    confirm(Answer(200, {}, json.dumps(OK[name])))


KO: dict[str, tuple[int, Any, type[PlatformError]]] = {
    "another message": (200, {"message": "unknown configuration"}, Rejected),
    "KO": (200, {"message": "ko"}, Rejected),
    "code inside": (200, {"code": 404, "data": {}, "message": "ok"}, Rejected),
    "code and words": (200, {"code": 400, "data": {}, "message": "KO"}, Rejected),
    "no message": (200, {"status": "ok"}, BadAnswer),
    "empty object": (200, {}, BadAnswer),
    "no object": (200, ["ok"], BadAnswer),
    "plain ok": (200, "ok", BadAnswer),
    "null message": (200, {"message": None}, Rejected),
    "nested message": (200, {"message": {"message": "ok"}}, Rejected),
    "almost": (200, {"message": "ok, but"}, Rejected),
    "other success status": (202, {"message": "ok"}, Rejected),
    "null code": (200, {"code": None, "message": "ok"}, Rejected),
}


@pytest.mark.parametrize("name", KO)
def test_everything_else_is_failure(name: str) -> None:
    """No form of failure is documented, so anything that is not plain success is one, and is shown."""
    status, body, error = KO[name]
    with pytest.raises(error):
        confirm(Answer(status, {}, json.dumps(body)))


@pytest.mark.parametrize("text", ["", "ok", "<html><h1>502</h1></html>", "{"])
def test_an_answer_that_is_no_json(text: str) -> None:
    """It may have happened: nobody can say."""
    with pytest.raises(BadAnswer) as raised:
        confirm(Answer(200, {}, text))
    assert raised.value.may_have_happened


def test_a_refusal_shows_what_tailer_said() -> None:
    """The body is all that a user has to go by."""
    with pytest.raises(Rejected) as raised:
        confirm(Answer(200, {}, json.dumps({"message": "no such configuration"})))
    assert "no such configuration" in raised.value.diagnostics[0].detail
    assert raised.value.diagnostics[0].hint
    assert not raised.value.may_have_happened


def test_nothing_can_be_read() -> None:
    """Every object is unreadable, which is neither missing nor failed."""
    item = Wanted(Address("t", "configuration", "workflow:x"))
    assert TailerReader().read([item]).by_address == {item.address: Unreadable(item.address)}


def test_the_writer_sends_and_confirms() -> None:
    """A call is done when Tailer says so, and the client is closed with the writer."""

    class Client:
        def __init__(self) -> None:
            self.sent: list[Request] = []
            self.answers = ['{"message": "ok"}', '{"message": "ko"}']
            self.closed = False

        def send(self, request: Request) -> Answer:
            self.sent.append(request)
            return Answer(200, {}, self.answers.pop(0))

        def close(self) -> None:
            self.closed = True

    client = Client()
    writer = TailerWriter(cast("WriteClient", client))
    request = Request("POST", "/v1/workflow/status", {})
    writer.send(request)
    with pytest.raises(Rejected):
        writer.send(request)
    writer.close()
    assert (client.sent, client.closed) == ([request, request], True)


@pytest.mark.parametrize(
    ("type_", "id", "environment", "expected"),
    [
        ("table-to-table", "000099_x_DEV", "DEV", None),
        ("table-to-table", "000099_x", "DEV", "no-environment-suffix"),
        ("gbq-to-gbq", "000099_x", "PROD", "no-environment-suffix"),
        ("table-to-table", "000099_x_DEV", "PROD", "other-environment"),
        ("table-to-table", "000099_x_PREPROD", "PREPROD", None),
        ("table-to-table", "000099_x_PREPROD", "PROD", "other-environment"),
        ("storage-to-storage", "000099-x", "DEV", None),
        ("workflow", "000099-x_DEV", "DEV", None),
        ("vm-launcher", "000099-x_PROD", "DEV", "other-environment"),
    ],
)
def test_doubts_about_an_id(type_: str, id: str, environment: str, expected: str | None) -> None:
    """Page 2.5: ids are taken as written; a missing or foreign environment suffix is only doubted aloud."""
    declared = declare(flags(False, False, type=type_, id=id), environment=environment)
    assert [code for code, *_ in declared.advice] == ([expected] if expected else [])
    if expected == "no-environment-suffix":
        assert f"{id}_{environment}" in declared.advice[0][3]


@pytest.mark.parametrize(
    ("name", "after", "expected"),
    [
        ("workflow:w", {"activated": False, "archived": False}, 0),
        ("workflow:w", {"activated": False, "archived": True}, 0),
        ("table-to-table:t", {"activated": False, "archived": False}, 1),
        ("table-to-table:t", {"activated": True, "archived": False}, 3),
        ("workflow:w", {"activated": True, "archived": False}, 4),
    ],
)
def test_stages(name: str, after: Values, expected: int) -> None:
    """Page 5.6: off from the workflow down, on from the target up, resets after everything."""
    kind = ConfigurationKind()
    assert kind.stage(Action.UPDATE, Address("t", "configuration", name), after) == expected
    assert WorkflowResetKind().stage(Action.RUN, Address("t", "workflow_reset", "w"), {"once": "x"}) > 4


def test_what_the_kinds_say_of_themselves() -> None:
    """Write-only both; only the reset is a one-shot; neither is ever absent."""
    configuration, reset = PROVIDER.kinds
    assert (configuration.readable, reset.readable) == (False, False)
    assert (configuration.one_shot, reset.one_shot) == (False, True)
    assert not configuration.is_absent({"activated": False, "archived": True})
    assert not reset.is_absent({})
    assert configuration.fields_of({}) == ("activated", "archived")
    assert reset.fields_of({}) == ("once",)


WRONG: dict[str, tuple[Any, dict[str, Any], str]] = {
    "both flags on": (Configuration, flags(True, True), "archived: true needs activated: false"),
    "a flag as text": (Configuration, {**flags(True, False), "activated": "true"}, "valid boolean"),
    "a flag as a number": (Configuration, {**flags(True, False), "activated": 1}, "valid boolean"),
    "one flag": (Configuration, {"type": "workflow", "id": "x", "activated": True}, "Field required"),
    "unknown type": (Configuration, flags(True, False, type="tables-to-table"), "table-to-table"),
    "misspelled flag": (Configuration, {**flags(True, False), "archive": False}, "Extra inputs"),
    "blank id": (Configuration, flags(True, False, id=" "), "must not be empty"),
    "no note": (WorkflowReset, {"workflow": "w"}, "Field required"),
    "blank note": (WorkflowReset, {"workflow": "w", "once": ""}, "must not be empty"),
    "note as a number": (WorkflowReset, {"workflow": "w", "once": 1}, "valid string"),
    "account as a number": (Connection, {**DEV, "account": 99}, "valid string"),
    "short account": (Connection, {**DEV, "account": "99"}, "[0-9]{6}"),
    "environment": (Connection, {**DEV, "environment": "dev"}, "'DEV'"),
    "auth": (Connection, {**DEV, "auth": {"method": "token"}}, "Field required"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_entries(name: str) -> None:
    """Nothing is converted or let through, and the message helps."""
    model, entry, words = WRONG[name]
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(model).validate_python(entry)
    assert words in str(raised.value)


def test_the_published_host_is_the_default() -> None:
    """And the audience of self-signed tokens."""
    assert ACCOUNT.base_url == HOST
    assert PROVIDER.secrets(ACCOUNT) == ("header.payload.signature",)
