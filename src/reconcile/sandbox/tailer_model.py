"""What Tailer stores: configurations with their flags, workflow states, runs; and the workflow engine.

Sources: tailer.md 1.5 and 1.6 (deploy, flags: M), 2.1 to 2.3 (archive, runs, workflows: M), 2.5 (ids: H).
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from reconcile.sandbox.clock import Clock
from reconcile.sandbox.switch import Switches
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
    """Which authorised jobs have arrived (2.3, M). `resets` and `history` are for whoever looks on."""

    jobs: Json = field(default_factory=dict)
    target_dag_last_executed: str | None = None
    last_modified: str | None = None
    resets: int = 0
    history: list[Json] = field(default_factory=list)

    def as_json(self) -> Json:
        """Return it as it is saved and as the admin endpoint shows it."""
        return {name: getattr(self, name) for name in self.__slots__}


class TailerModel:
    """All of it, and what can happen to it."""

    def __init__(self, switches: Switches, clock: Clock) -> None:
        self._switches = switches
        self._clock = clock
        self.configurations: dict[Key, Configuration] = {}
        self.workflows: dict[Key, WorkflowState] = {}
        self.runs: list[Json] = []

    def find(self, account: str, environment: str, type_: str, id_: str) -> Configuration | None:
        """Return a configuration; by its type and id alone under the switch `tailer_lookup`."""
        key = (account, environment, canonical_type(type_), id_)
        if self._switches["tailer_lookup"] == "identity":
            return self.configurations.get(key)
        return next((each for each in self.configurations.values() if each.key[2:] == key[2:]), None)

    def deploy(self, file: Json) -> Configuration:
        """Return the configuration after a deploy: the document is replaced whole, flags included (1.5, M).

        A missing `activated` becomes true, a missing `archived` false; what a workflow remembers is left alone.
        """
        type_ = canonical_type(str(file["configuration_type"]))
        key = (str(file["account"]), str(file["environment"]), type_, str(file["configuration_id"]))
        before = self.configurations.get(key)
        kept = type_ != "table-to-table" or self._switches["ttt_deploy_keeps_flags"]
        after = Configuration(*key, bool(file.get("activated", True)) if kept else True, bool(file.get("archived")))
        after.document = dict(file)
        if before is not None:
            old = {"at": self._now(), "document": before.document}
            after.history = [*before.history, {**old, "activated": before.activated, "archived": before.archived}]
        self.configurations[key] = after
        if type_ == "workflow":
            self.workflows.setdefault(key, WorkflowState())
        return after

    def reset(self, configuration: Configuration) -> None:
        """Forget the arrived jobs; history and target stay, nothing is triggered (2.3, M)."""
        state = self.workflows.setdefault(configuration.key, WorkflowState())
        state.history.append({"event": "reset", "at": self._now(), "jobs": state.jobs})
        state.jobs = {}
        state.resets += 1
        state.last_modified = self._now()

    def launch(self, configuration: Configuration, execution_date: str | None = None) -> Json:
        """Return a new run; of a disabled configuration it ends DEACTIVATED at once (2.2, M)."""
        now = self._clock.now()
        run: Json = {
            "account": configuration.account,
            "environment": configuration.environment,
            "configuration_type": configuration.type,
            "configuration_id": configuration.id,
            "job_id": job_id(configuration),
            "run_id": f"{now:%Y%m%d-%H%M%S}-{uuid.uuid4()}",
            "start_execution_date": now.isoformat(),
            "last_update_date": now.isoformat(),
            "status": "RUNNING" if configuration.activated else "DEACTIVATED",
        }
        if execution_date is not None:
            run["execution_date"] = execution_date
        self.runs.append(run)
        return run

    def set_run(self, run: Json, status: str) -> None:
        """Put a run into a state; SUCCESS counts for workflows, as any write of it does (2.3)."""
        now = self._clock.now()
        started = datetime.fromisoformat(run["start_execution_date"])
        run["status"], run["last_update_date"] = status, now.isoformat()
        if status != "RUNNING":
            run["duration"] = str(now - started)
        if status == "SUCCESS":
            self._arrive(run)

    def settle(self) -> bool:
        """Return whether a run has ended by itself meanwhile: after `tailer_run_seconds`, with success."""
        ended = [run for run in self.runs if run["status"] == "RUNNING" and self._is_due(run)]
        for run in ended:
            self.set_run(run, "SUCCESS")
        return bool(ended)

    def as_json(self) -> Json:
        """Return everything that is saved."""
        return {
            "configurations": [each.as_json() for each in self.configurations.values()],
            "workflows": [{"key": list(key), **state.as_json()} for key, state in self.workflows.items()],
            "runs": self.runs,
        }

    def restore(self, saved: Json) -> None:
        """Replace everything by what was saved."""
        loaded = [Configuration(**each) for each in saved["configurations"]]
        self.configurations = {each.key: each for each in loaded}
        self.workflows = {_key(each.pop("key")): WorkflowState(**each) for each in saved["workflows"]}
        self.runs = saved["runs"]

    def _arrive(self, run: Json) -> None:
        """Remember a completion in every active workflow that waits for it; trigger those that have all (2.3)."""
        for configuration in tuple(self.configurations.values()):
            wanted = configuration.document.get("authorized_job_ids", ())
            if configuration.type != "workflow" or run["job_id"] not in wanted or not configuration.activated:
                continue
            state = self.workflows.setdefault(configuration.key, WorkflowState())
            state.jobs[run["job_id"]] = {"executed": True, "execution_date": run["start_execution_date"]}
            state.last_modified = self._now()
            if all(state.jobs.get(job, {}).get("executed") for job in wanted):
                self._trigger(configuration, state)

    def _trigger(self, configuration: Configuration, state: WorkflowState) -> None:
        state.history.append({"event": "triggered", "at": self._now(), "jobs": state.jobs})
        state.jobs = {job: {**arrived, "executed": False} for job, arrived in state.jobs.items()}
        state.target_dag_last_executed = self._now()
        target = configuration.document.get("target_dag") or {}
        found = self.find(
            configuration.account,
            configuration.environment,
            str(target.get("configuration_type", "")),
            str(target.get("configuration_id", "")),
        )
        if found is not None:
            self.launch(found)

    def _is_due(self, run: Json) -> bool:
        age = (self._clock.now() - datetime.fromisoformat(run["start_execution_date"])).total_seconds()
        return age >= float(self._switches["tailer_run_seconds"])

    def _now(self) -> str:
        return self._clock.now().isoformat()


def job_id(configuration: Configuration) -> str:
    """Return the job id of a configuration's runs (2.5, H samples)."""
    match configuration.type:
        case "table-to-table":
            return f"gbq-to-gbq|{configuration.id}"
        case "table-to-storage":
            return f"table-to-storage|table-to-storage|{configuration.id}"
        case other:
            return f"{other}|{configuration.account}|{configuration.id}|{configuration.environment}"


def _key(parts: list[str]) -> Key:
    account, environment, type_, id_ = parts
    return account, environment, type_, id_
