"""What pipeline steps may ask of Tailer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reconcile.providers.connection import Strict, Text


class Launch(Strict):
    """Launch a data operation. Platform page 1.1: only these two types can be launched."""

    type: Literal["table-to-table", "gbq-to-gbq", "table-to-storage"]
    id: Text
    execution_date: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None


class Reset(Strict):
    """Reset a workflow."""

    workflow: Text


OPERATIONS = {"tailer.launch": Launch, "tailer.reset": Reset}
