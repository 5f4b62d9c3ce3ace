"""What Tailer stores of a configuration: its flags and document, and what a workflow remembers.

Sources: tailer.md 1.5 and 1.6 (deploy, flags: M), 2.1 and 2.3 (archive, workflows: M), 2.5 (ids: H).
"""

from dataclasses import dataclass, field

from reconcile.sandbox.wire import Json

Key = tuple[str, str, str, str]
"""account, environment, type, id."""

TYPES = (
    "table-to-table",
    "storage-to-storage",
    "storage-to-tables",
    "table-to-storage",
    "workflow",
    "vm-launcher",
    "context",
    "xml-conversion",
    "api-to-storage",
    "file-utilities",
)
_ALIASES = {"gbq-to-gbq": "table-to-table"}  # the internal name of the same type (1.1, H)
SETTABLE = ("SUCCESS", "FAILED", "RUNNING", "NO_MATCH", "CHECKED")  # 1.1, H


def canonical_type(given: str) -> str:
    """Return the documented name of a configuration type."""
    return _ALIASES.get(given, given)


@dataclass(slots=True)
class Configuration:
    """A deployed configuration. `history` keeps replaced documents, not flag changes (section 5, M)."""

    account: str
    environment: str
    type: str
    id: str
    activated: bool = True
    archived: bool = False
    document: Json = field(default_factory=dict)
    history: list[Json] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """Return what identifies it."""
        return self.account, self.environment, self.type, self.id

    def as_json(self) -> Json:
        """Return it as it is saved and as the admin endpoint shows it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class WorkflowState:
    """Which authorised jobs have arrived (2.3, M). `resets` and `history` are for whoever looks on.

    `next_reset` is when the configuration's `schedule_interval_reset` is due, in UTC.
    """

    jobs: Json = field(default_factory=dict)
    target_dag_last_executed: str | None = None
    last_modified: str | None = None
    resets: int = 0
    history: list[Json] = field(default_factory=list)
    next_reset: str | None = None

    def as_json(self) -> Json:
        """Return it as it is saved and as the admin endpoint shows it."""
        return {name: getattr(self, name) for name in self.__slots__}


def job_id(configuration: Configuration) -> str:
    """Return the job id of a configuration's runs (2.5, H samples)."""
    match configuration.type:
        case "table-to-table":
            return f"gbq-to-gbq|{configuration.id}"
        case "table-to-storage":
            return f"table-to-storage|table-to-storage|{configuration.id}"
        case other:
            parts = [other, configuration.account, configuration.id, configuration.environment]
            files = configuration.document.get("filename_template")
            return "|".join([*parts, files] if files else parts)
