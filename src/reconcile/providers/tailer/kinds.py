"""What people may write about Tailer: a connection, configuration flags, workflow resets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from reconcile.core.address import Address
from reconcile.core.kind import Action, Declared
from reconcile.core.snapshot import Values
from reconcile.providers.connection import FilePath, Secret, Strict, Text, Transport, Url

# Published host, platform page 1.1. It is also the audience of self-signed tokens (1.2).
HOST = "https://tailer-api-nqonovswsq-ew.a.run.app"
ENVIRONMENTS = ("PROD", "PREPROD", "STAGING", "DEV")

# Platform page 1.5, and the types named in its notes; "gbq-to-gbq" is the internal name of table-to-table (1.1).
ConfigurationType = Literal[
    "api-to-storage",
    "context",
    "file-utilities",
    "gbq-to-gbq",
    "storage-to-storage",
    "storage-to-tables",
    "table-to-storage",
    "table-to-table",
    "vm-launcher",
    "workflow",
    "xml-conversion",
]


class Token(Strict):
    """A JWT that somebody else obtained. It lives for an hour and cannot be renewed."""

    method: Literal["token"]
    token: Secret


class TailerCli(Strict):
    """The token that ``tailer auth get-token`` prints; asked for again when it has expired."""

    method: Literal["tailer_cli"]


class ServiceAccount(Strict):
    """A JWT signed with a Google service account's key file."""

    method: Literal["service_account"]
    key_file: FilePath
    audience: Text = HOST


def _pattern(text: str) -> str:
    if not text.strip() or "\0" in text or text.startswith("~"):
        raise ValueError("this is no pattern of files: begin with a folder, as seen from the workspace")
    return text


Pattern = Annotated[str, AfterValidator(_pattern), Field(min_length=1)]
Auth = Annotated[Token | TailerCli | ServiceAccount, Field(discriminator="method")]


class Connection(Transport):
    """One account in one environment."""

    provider: Literal["tailer"]
    base_url: Url = HOST
    account: Annotated[str, Field(pattern="^[0-9]{6}$", description='six digits, in quotes: "000099"')]
    environment: Literal["PROD", "PREPROD", "STAGING", "DEV"]
    auth: Auth
    files: tuple[Pattern, ...] = Field(
        (),
        strict=False,
        description="your own configuration files, as patterns seen from the workspace (../dataops/**/*.json): what a "
        "redeploy of them would undo is told",
    )


class Configuration(Strict):
    """Whether a data operation runs (``activated``) and whether it is put away (``archived``).

    The API has both flags in one call and cannot show either, so both are always given.
    """

    type: ConfigurationType
    id: Text = Field(description="id as deployed; of a table-to-table without context it ends in _DEV, _PROD, ...")
    activated: bool
    archived: bool

    @model_validator(mode="after")
    def _archived_is_off(self) -> Configuration:
        if self.archived and self.activated:
            raise ValueError(
                "archived: true needs activated: false; the platform knows no archived operation that runs"
            )
        return self


class WorkflowReset(Strict):
    """Forget which triggers of a workflow have arrived. Done once for every text of ``once``."""

    workflow: Text = Field(description="id of the workflow configuration")
    once: Text = Field(description="why; a changed text means: reset once more")


class ConfigurationKind:
    """The two flags of a data operation. Named ``TYPE:ID``; ``gbq-to-gbq`` counts as ``table-to-table``."""

    name = "configuration"
    section = "configurations"
    readable = False
    one_shot = False
    entry: Any = Configuration

    def declare(self, entry: Configuration, connection: Connection) -> Declared:
        """Return the flags of an entry."""
        type_ = "table-to-table" if entry.type == "gbq-to-gbq" else entry.type
        values: Values = {"activated": entry.activated, "archived": entry.archived}
        return Declared(f"{type_}:{entry.id}", values, _id_advice(type_, entry.id, connection.environment))

    def entry_of(self, name: str, values: Values) -> Values:
        """Return the entry with both flags. Raises ``ValueError`` when one of them is not known."""
        type_, _, id_ = name.partition(":")
        if not values.keys() >= {"activated", "archived"}:
            raise ValueError("both flags must be known")
        return {"type": type_, "id": id_, "activated": values["activated"], "archived": values["archived"]}

    def fields_of(self, values: Values) -> tuple[str, ...]:
        """Return both flags."""
        return ("activated", "archived")

    def is_absent(self, values: Values) -> bool:
        """Say no: what is off is still there."""
        return False

    def paused(self, values: Values) -> Values | None:
        """Return the flags of an operation that is off; put away or not, as the file says."""
        return {**values, "activated": False}

    def align(self, live: Values, wanted: Values) -> Values:
        """Return ``live``: there is one way to write a flag."""
        return live

    def stage(self, action: Action, address: Address, after: Values) -> int:
        """Return the place in one apply, platform page 5.6.

        Off: workflows first, so that none fires while its target goes. On: targets first, so that no workflow
        fires before its target can run. Resets come after all of it.
        """
        is_workflow = address.name.startswith("workflow:")
        if after.get("activated"):
            return 4 if is_workflow else 3
        return 0 if is_workflow else 1

    def timing(self, values: Values) -> None:
        """Return None: when a data operation runs is in files of its own, which this API does not show."""
        return

    def role(self, name: str, id: str | None) -> None:
        """Return None, for the same reason."""
        return


class WorkflowResetKind:
    """A reset of a workflow's arrived triggers. Named by the workflow's id."""

    name = "workflow_reset"
    section = "workflow_resets"
    readable = False
    one_shot = True
    entry: Any = WorkflowReset

    def declare(self, entry: WorkflowReset, connection: Connection) -> Declared:
        """Return the note that the reset is wanted for."""
        return Declared(entry.workflow, {"once": entry.once})

    def entry_of(self, name: str, values: Values) -> Values:
        """Return the entry that asks for this reset."""
        return {"workflow": name, "once": values["once"]}

    def fields_of(self, values: Values) -> tuple[str, ...]:
        """Return the note."""
        return ("once",)

    def is_absent(self, values: Values) -> bool:
        """Say no: a reset is done or not, there is nothing to be absent."""
        return False

    def paused(self, values: Values) -> Values | None:
        """Return None: what is held is not sent."""
        return None

    def align(self, live: Values, wanted: Values) -> Values:
        """Return ``live``."""
        return live

    def stage(self, action: Action, address: Address, after: Values) -> int:
        """Return the last place: a reset before enabling would lose the completions in between."""
        return 5

    def timing(self, values: Values) -> None:
        """Return None: a reset is done once."""
        return

    def role(self, name: str, id: str | None) -> None:
        """Return None, for the same reason."""
        return


def _id_advice(type_: str, id: str, environment: str) -> tuple[tuple[str, str, str, str], ...]:
    """Warn of an id that is not one of this environment.

    Platform page 2.5: a table-to-table deployed without a context has its environment appended to its id; with a
    context it has not. So the id is taken as written, and only doubted aloud.
    """
    ending = next((name for name in ENVIRONMENTS if id.endswith(f"_{name}")), None)
    if ending and ending != environment:
        message = f"the id ends in _{ending}, but the connection's environment is {environment}"
        return (("other-environment", "id", message, f"should it end in _{environment}?"),)
    if ending is None and type_ == "table-to-table":
        message = f"the id of a table-to-table ends in _{environment} unless it was deployed with a context"
        return (("no-environment-suffix", "id", message, f'did you mean "{id}_{environment}"?'),)
    return ()
