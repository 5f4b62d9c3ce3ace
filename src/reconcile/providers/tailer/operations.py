"""What Tailer can be asked to do: launch a data operation, reset a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from reconcile.core.operation import Operation, Order
from reconcile.core.request import Json, Request
from reconcile.providers.connection import Strict, Text
from reconcile.providers.tailer.kinds import Connection

# What can be launched, and the statuses that a run can be given (page 1.1).
LAUNCHABLE = ("table-to-table", "table-to-storage")
SETTABLE = ("SUCCESS", "FAILED", "RUNNING", "NO_MATCH", "CHECKED")

# Page 2.3: the workflow engine looks at every write of a run whose status is SUCCESS, whoever writes it.
SUCCESS_WARNING = (
    "SUCCESS may start other data operations: workflows that wait for this job probably take it for a completion, "
    "and the last one to arrive launches their target. CHECKED marks a failed run as dealt with and starts nothing."
)


class Launch(Strict):
    """Launch a data operation. Platform page 1.1: only these two types can be launched."""

    type: Literal["table-to-table", "gbq-to-gbq", "table-to-storage"]
    id: Text
    execution_date: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None


class Reset(Strict):
    """Reset a workflow."""

    workflow: Text


@dataclass(frozen=True, slots=True)
class LaunchOperation:
    """A run of a data operation. Nothing says that a second one is harmless: it may append (page 1.1, 3)."""

    name: str = "tailer.launch"
    entry: Any = Launch
    summary: str = "launch a data operation"
    when_busy: str = "wait"
    watchable: bool = True
    # The API has no call that stops a run (page 1.1).
    stoppable: bool = False
    harmless_twice: bool = False
    pool: str = ""
    refusals: frozenset[int] = frozenset({429})

    def order(self, settings: Launch, connection: Connection) -> Order:
        """Return the work; ``gbq-to-gbq`` is the internal name of ``table-to-table`` (page 1.1)."""
        type_ = "table-to-table" if settings.type == "gbq-to-gbq" else settings.type
        target = f"{type_}:{settings.id}"
        return Order(self.name, target, target, {**settings.model_dump(exclude_none=True), "type": type_})

    def request(self, order: Order, connection: Connection) -> Request:
        """Return the call."""
        body = {"action": "launch_job", **identity(connection, str(order.settings["type"]), str(order.settings["id"]))}
        if "execution_date" in order.settings:
            body["execution_date"] = order.settings["execution_date"]
        return Request("POST", "/v1/dag/launch", body, repeatable=False)


@dataclass(frozen=True, slots=True)
class ResetOperation:
    """A workflow reset. It cannot be read back (page 0.2): the answer is all the evidence there will ever be."""

    name: str = "tailer.reset"
    entry: Any = Reset
    summary: str = "forget which triggers of a workflow have arrived"
    when_busy: str = "wait"
    watchable: bool = False
    stoppable: bool = False
    # A second reset also forgets what arrived in between.
    harmless_twice: bool = False
    pool: str = ""
    # Both say that it was not taken; within the same apply or run it may be tried again (page 3).
    refusals: frozenset[int] = frozenset({429, 503})

    def order(self, settings: Reset, connection: Connection) -> Order:
        """Return the work."""
        return reset_order(settings.workflow)

    def request(self, order: Order, connection: Connection) -> Request:
        """Return the call."""
        body = {"action": "reset_workflow_status", **identity(connection, "workflow", str(order.settings["workflow"]))}
        return Request("POST", "/v1/workflow/status", body, repeatable=False)


def reset_order(workflow: str) -> Order:
    """Return the order that resets a workflow, whoever asks for it: a step, a hand, or a desired-state file."""
    target = f"workflow:{workflow}"
    return Order(RESET.name, target, target, {"workflow": workflow})


def flags_request(connection: Connection, type_: str, id: str, *, activated: bool, archived: bool) -> Request:
    """Return the call that sets both flags of a data operation; an absolute setter may be sent again (page 1.1)."""
    body: dict[str, Json] = {
        "action": "set_configuration_status",
        "activated": activated,
        "archived": archived,
        **identity(connection, type_, id),
    }
    return Request("POST", "/v1/configuration/status", body)


def identity(connection: Connection, type_: str, id: str) -> dict[str, Json]:
    """Return the full identity of a configuration, as every call names it (page 1.1)."""
    return {
        "account": connection.account,
        "environment": connection.environment,
        "configuration_type": type_,
        "configuration_id": id,
    }


LAUNCH = LaunchOperation()
RESET = ResetOperation()
OPERATIONS: Mapping[str, Operation] = {LAUNCH.name: LAUNCH, RESET.name: RESET}
