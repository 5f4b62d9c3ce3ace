"""What happens in Tailer: deploys, runs that move by themselves, and workflows that set each other off.

Sources: tailer.md 1.5 and 1.6 (deploy, flags: M), 2.2 (runs: M), 2.3 (workflows: M), 2.4 (runs at once: H).
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from reconcile.sandbox.clock import Clock
from reconcile.sandbox.script import Scripts
from reconcile.sandbox.switch import Switches
from reconcile.sandbox.tailer_model import Configuration, Key, WorkflowState, canonical_type
from reconcile.sandbox.tailer_run import Run, new_run
from reconcile.sandbox.tailer_workflow import forget, next_reset, remember, target
from reconcile.sandbox.wire import Json

Step = tuple[datetime, int, Callable[[datetime], None]]
"""When, in what order at that instant, and what."""

_AT_ONCE = {"table-to-table": 1}
_AT_ONCE_ELSE = 5


class TailerModel:
    """All configurations, workflow states and runs, and what can happen to them."""

    def __init__(self, switches: Switches, clock: Clock) -> None:
        self._switches = switches
        self._clock = clock
        self.configurations: dict[Key, Configuration] = {}
        self.workflows: dict[Key, WorkflowState] = {}
        self.runs: list[Run] = []
        """In the order in which they were asked for."""
        self.scripts = Scripts()
        """How runs go, by configuration id or `type:id`; read when a run is made."""
        self._open: list[Run] = []
        self._settled = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """Return the time here."""
        return self._clock.now()

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
        self.settle()
        type_ = canonical_type(str(file["configuration_type"]))
        key = (str(file["account"]), str(file["environment"]), type_, str(file["configuration_id"]))
        due = next_reset(file, self._clock.now())
        before = self.configurations.get(key)
        kept = type_ != "table-to-table" or self._switches["ttt_deploy_keeps_flags"]
        after = Configuration(*key, bool(file.get("activated", True)) if kept else True, bool(file.get("archived")))
        after.document = dict(file)
        if before is not None:
            old = {"at": self._clock.now().isoformat(), "document": before.document}
            after.history = [*before.history, {**old, "activated": before.activated, "archived": before.archived}]
        self.configurations[key] = after
        if type_ == "workflow":
            self.workflows.setdefault(key, WorkflowState()).next_reset = due.isoformat() if due else None
        return after

    def reset(self, configuration: Configuration) -> None:
        """Forget a workflow's arrived jobs, as the API or a person asks for it."""
        self.settle()
        state = self.workflows.setdefault(configuration.key, WorkflowState())
        forget(state, self._clock.now())
        state.resets += 1

    def launch(
        self,
        configuration: Configuration,
        execution_date: str | None = None,
        *,
        created: datetime | None = None,
        job: str = "",
        lag: float = 0.0,
        script: Json | None = None,
    ) -> Run:
        """Return a new run; of a disabled configuration it will end DEACTIVATED (2.2, M).

        The results show it after `lag` seconds. `created` in the past gives a run that has gone on since then; a
        `script` counts instead of the one written for the configuration.
        """
        self.settle()
        run = self._made(configuration, created or self._clock.now(), script, job=job)
        run.visible = run.created + timedelta(seconds=lag)
        run.execution_date = execution_date
        if created is not None and run.ready is not None and run.ready <= self._clock.now():
            self._begin(run, run.ready)
        self.settle()
        return run

    def set_run(self, run: Run, status: str, *, counts: bool = True) -> None:
        """Put a run into a state by hand, where it stays; SUCCESS `counts` for workflows as any write of it (2.3)."""
        self.settle()
        self._write(run, status, self._clock.now(), counts=counts)
        self.settle()

    def newest(self) -> list[Run]:
        """Return all runs, newest first."""
        runs = sorted(self.runs, key=lambda run: run.created)
        runs.reverse()  # also those of the same instant
        return runs

    def settle(self) -> bool:
        """Return whether something was due; each thing happens at its own instant, in order."""
        now, moved = self._clock.now(), False
        self._settled = min(self._settled, now)  # the clock was put back
        self._correct_resets(now)
        while (step := self._next_step(now)) is not None:
            self._settled, moved = step[0], True
            step[2](step[0])
        self._settled = now
        return moved

    def as_json(self) -> Json:
        """Return everything that is saved."""
        self.settle()
        return {
            "configurations": [each.as_json() for each in self.configurations.values()],
            "workflows": [{"key": list(key), **state.as_json()} for key, state in self.workflows.items()],
            "runs": [run.as_json() for run in self.runs],
            "outcomes": self.scripts.as_json(),
        }

    def restore(self, saved: Json) -> None:
        """Replace everything by what was saved; runs of before they moved by themselves are left out."""
        loaded = [Configuration(**each) for each in saved["configurations"]]
        self.configurations = {each.key: each for each in loaded}
        self.workflows = {_key(each["key"]): WorkflowState(**_without_key(each)) for each in saved["workflows"]}
        self.runs = [Run.from_json(each) for each in saved["runs"] if "created" in each]
        self._open = [run for run in self.runs if run.is_open]
        self.scripts.restore(saved.get("outcomes", {}))

    def _next_step(self, now: datetime) -> Step | None:
        """Return what happens next, None when nothing is due: ends come before resets, resets before begins."""
        running = [run for run in self._open if run.ends]
        taken = Counter(run.key for run in running)
        steps: list[Step] = [(run.ends, 0, partial(self._finish, run)) for run in running if run.ends]
        for key, state in self.workflows.items():
            if state.next_reset is not None:
                steps.append((datetime.fromisoformat(state.next_reset), 1, partial(self._reset_by_schedule, key)))
        steps += [
            (max(run.ready, self._settled), 2, partial(self._begin, run))
            for run in self._open
            if run.ready is not None and taken[run.key] < self._at_once(run)
        ]
        first = min(steps, key=lambda step: step[:2], default=None)
        return first if first is not None and first[0] <= now else None

    def _correct_resets(self, now: datetime) -> None:
        """Plan anew what is more than a day away: the clock was put back."""
        for key, state in self.workflows.items():
            if state.next_reset and datetime.fromisoformat(state.next_reset) > now + timedelta(days=1):
                self._plan_reset(key, now)

    def _reset_by_schedule(self, key: Key, at: datetime) -> None:
        if self.workflows[key].jobs:
            forget(self.workflows[key], at, "scheduled reset")
        self._plan_reset(key, at)

    def _plan_reset(self, key: Key, after: datetime) -> None:
        due = next_reset(self.configurations[key].document, after)
        self.workflows[key].next_reset = due.isoformat() if due else None

    def _begin(self, run: Run, at: datetime) -> None:
        """Look first whether the operation is disabled: that is all such a run does (2.2, M)."""
        configuration = self.configurations.get(run.key)
        if configuration is not None and not configuration.activated:
            self._write(run, "DEACTIVATED", at)
        else:
            run.begin(at)

    def _finish(self, run: Run, at: datetime) -> None:
        self._write(run, run.outcome, at)

    def _write(self, run: Run, status: str, at: datetime, *, counts: bool = True) -> None:
        run.write(status, at)
        self._open = [each for each in self._open if each is not run]
        if status == "SUCCESS" and counts:
            self._arrive(run, at)

    def _arrive(self, run: Run, at: datetime) -> None:
        """Tell every workflow of a completion; set off the targets of those that have all (2.3, M)."""
        for workflow in tuple(self.configurations.values()):
            if workflow.type != "workflow":
                continue
            state = self.workflows.setdefault(workflow.key, WorkflowState())
            if remember(workflow, state, run.job_id, (run.started or run.created).isoformat(), at):
                found = self._target(workflow)
                if found is not None:
                    self._made(found, at, None, cause=f"{run.run_id} {at.isoformat()} {workflow.key}")

    def _target(self, workflow: Configuration) -> Configuration | None:
        type_, id_ = target(workflow)
        if type_ is not None:
            return self.find(workflow.account, workflow.environment, type_, id_)
        here = (workflow.account, workflow.environment, id_)
        return next((c for c in self.configurations.values() if (c.account, c.environment, c.id) == here), None)

    def _made(
        self, configuration: Configuration, created: datetime, script: Json | None, *, job: str = "", cause: str = ""
    ) -> Run:
        """Return a new waiting run; one of a disabled configuration uses up no script."""
        if script is None:
            keys = (f"{configuration.type}:{configuration.id}", configuration.id)
            script = self.scripts.take(*keys) if configuration.activated else {}
        run = new_run(
            configuration,
            created,
            script.get("running_seconds", self._switches["tailer_run_seconds"]),
            job=job,
            cause=cause,
        )
        run.outcome = script.get("outcome", "SUCCESS")
        run.ready = created + timedelta(seconds=script.get("waiting_seconds", self._switches["tailer_waiting_seconds"]))
        self.runs.append(run)
        self._open.append(run)
        return run

    def _at_once(self, run: Run) -> int:
        """Return how many runs of an operation work at once: `max_active_runs` (2.4, H)."""
        configuration = self.configurations.get(run.key)
        given = configuration.document.get("max_active_runs") if configuration else None
        is_given = isinstance(given, int) and not isinstance(given, bool) and given > 0
        return given if is_given and given else _AT_ONCE.get(run.configuration_type, _AT_ONCE_ELSE)


def _key(parts: list[str]) -> Key:
    account, environment, type_, id_ = parts
    return account, environment, type_, id_


def _without_key(saved: Json) -> Json:
    return {name: value for name, value in saved.items() if name != "key"}
