# What ``import reconcile`` gives, for type checkers and editors; ``__init__.py`` imports it when it is asked for.

from reconcile.core.address import Address as Address
from reconcile.core.change import Change as Change
from reconcile.core.diagnostic import Diagnostic as Diagnostic
from reconcile.core.diagnostic import Severity as Severity
from reconcile.core.diff import FieldChange as FieldChange
from reconcile.core.drift import Drift as Drift
from reconcile.core.drift import Why as Why
from reconcile.core.errors import AnswerLost as AnswerLost
from reconcile.core.errors import AuthFailed as AuthFailed
from reconcile.core.errors import BadAnswer as BadAnswer
from reconcile.core.errors import ConfigError as ConfigError
from reconcile.core.errors import Forbidden as Forbidden
from reconcile.core.errors import LimitReached as LimitReached
from reconcile.core.errors import LockHeld as LockHeld
from reconcile.core.errors import ObjectNotFound as ObjectNotFound
from reconcile.core.errors import PlatformError as PlatformError
from reconcile.core.errors import ReconcileError as ReconcileError
from reconcile.core.errors import Refused as Refused
from reconcile.core.errors import Rejected as Rejected
from reconcile.core.errors import StateDamaged as StateDamaged
from reconcile.core.errors import StateError as StateError
from reconcile.core.errors import StateMoved as StateMoved
from reconcile.core.errors import StateTooNew as StateTooNew
from reconcile.core.errors import Unavailable as Unavailable
from reconcile.core.kind import Action as Action
from reconcile.core.run import RunState as RunState
from reconcile.core.source import Span as Span
from reconcile.engine.apply import Outcome as Outcome
from reconcile.engine.apply import Result as Result
from reconcile.engine.events import ApplyBegan as ApplyBegan
from reconcile.engine.events import ChangeEnded as ChangeEnded
from reconcile.engine.events import Event as Event
from reconcile.engine.events import LockTaken as LockTaken
from reconcile.engine.events import LookingBegan as LookingBegan
from reconcile.engine.events import ReadBackBegan as ReadBackBegan
from reconcile.engine.events import ReadingBegan as ReadingBegan
from reconcile.engine.events import ReadingEnded as ReadingEnded
from reconcile.engine.events import RunBegan as RunBegan
from reconcile.engine.events import StepMoved as StepMoved
from reconcile.engine.events import StepTold as StepTold
from reconcile.engine.events import Waiting as Waiting
from reconcile.engine.pipeline import Control as Control
from reconcile.library.agenda import Calendar as Calendar
from reconcile.library.applied import Applied as Applied
from reconcile.library.applied import Verdict as Verdict
from reconcile.library.checked import Checked as Checked
from reconcile.library.failure import error_json as error_json
from reconcile.library.failure import error_text as error_text
from reconcile.library.load import load as load
from reconcile.library.past import History as History
from reconcile.library.pipeline_run import PipelineRun as PipelineRun
from reconcile.library.plan import Plan as Plan
from reconcile.library.validated import Validated as Validated
from reconcile.library.workspace import Workspace as Workspace

__version__: str

__all__ = [
    "Action",
    "Address",
    "AnswerLost",
    "Applied",
    "ApplyBegan",
    "AuthFailed",
    "BadAnswer",
    "Calendar",
    "Change",
    "ChangeEnded",
    "Checked",
    "ConfigError",
    "Control",
    "Diagnostic",
    "Drift",
    "Event",
    "FieldChange",
    "Forbidden",
    "History",
    "LimitReached",
    "LockHeld",
    "LockTaken",
    "LookingBegan",
    "ObjectNotFound",
    "Outcome",
    "PipelineRun",
    "Plan",
    "PlatformError",
    "ReadBackBegan",
    "ReadingBegan",
    "ReadingEnded",
    "ReconcileError",
    "Refused",
    "Rejected",
    "Result",
    "RunBegan",
    "RunState",
    "Severity",
    "Span",
    "StateDamaged",
    "StateError",
    "StateMoved",
    "StateTooNew",
    "StepMoved",
    "StepTold",
    "Unavailable",
    "Validated",
    "Verdict",
    "Waiting",
    "Why",
    "Workspace",
    "__version__",
    "error_json",
    "error_text",
    "load",
]
