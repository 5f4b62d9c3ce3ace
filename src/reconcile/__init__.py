"""Desired-state files become PUT, DELETE and set-status calls on data platforms.

The house::

    cli          click, exit codes, signals, the terminal
     |
    library      the composition root, and what ``import reconcile`` gives: no printing, no click
     |
    engine       the order of effects: refresh, apply, pipelines; threads; events
     |
    config  providers  state  render  alerts  calendar      know core, never each other
     |
    core         values and functions; no I/O, no clock, no environment, no threads

    sandbox      the other side of the wire: imports nothing of the above

Two ideas carry the design. A *kind* is a type of object that can be declared: read it, diff it, write it.
An *operation* is a type of one-shot work: submit it, watch it, stop it, find evidence that it happened.
Imports point down; ``pyproject.toml`` holds the rules and a tool checks them on every run.

What others may rely on is ``__all__``; docs/embedding.md has it in words. A name is imported when it is first asked
for, so that ``import reconcile`` costs nothing; ``__init__.pyi`` says the same to type checkers.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Where each public name lives, the way in first.
_NAMES = {
    "reconcile.library.load": "load",
    "reconcile.library.workspace": "Workspace",
    "reconcile.library.plan": "Plan",
    "reconcile.library.applied": "Applied Verdict",
    "reconcile.library.checked": "Checked",
    "reconcile.library.validated": "Validated",
    "reconcile.library.agenda": "Calendar",
    "reconcile.library.past": "History",
    "reconcile.library.pipeline_run": "PipelineRun",
    "reconcile.engine.pipeline": "Control",
    "reconcile.core.address": "Address",
    "reconcile.core.change": "Change",
    "reconcile.core.diff": "FieldChange",
    "reconcile.core.kind": "Action",
    "reconcile.core.drift": "Drift Why",
    "reconcile.core.diagnostic": "Diagnostic Severity",
    "reconcile.core.source": "Span",
    "reconcile.core.run": "RunState",
    "reconcile.engine.apply": "Outcome Result",
    "reconcile.engine.events": (
        "Event ReadingBegan LookingBegan ReadingEnded Waiting ApplyBegan ChangeEnded ReadBackBegan LockTaken "
        "RunBegan StepMoved StepTold"
    ),
    "reconcile.core.errors": (
        "ReconcileError ConfigError Refused LockHeld StateError StateDamaged StateTooNew StateMoved PlatformError "
        "AuthFailed Forbidden ObjectNotFound Rejected LimitReached Unavailable AnswerLost BadAnswer"
    ),
    "reconcile.library.failure": "error_json error_text",
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
