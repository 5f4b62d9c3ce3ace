"""Plans to render, made by the real planner."""

from typing import Any

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic, Severity
from reconcile.core.kind import Connected
from reconcile.core.plan import Base, Plan, Stamp, build_plan
from reconcile.core.snapshot import Desired, Live, Missing, Reading, Recorded, Snapshots, Unreadable, Values
from reconcile.core.source import Span
from reconcile.providers.crm_analytics.schedule import ConnectedSchedule, ScheduleKind
from reconcile.providers.tailer.kinds import Connection
from reconcile.providers.tailer.provider import PROVIDER as TAILER

NOW, THEN = "2026-11-22T14:00:00Z", "2026-11-01T09:30:07Z"
ACCOUNT = Connection.model_validate(
    {
        "provider": "tailer",
        "account": "000099",
        "environment": "DEV",
        "auth": {"method": "token", "token": "not-a-real-token"},
    }
)
KINDS: dict[tuple[str, str], Connected] = {
    ("sales", "schedule"): ConnectedSchedule("/services/data/v60.0", ScheduleKind()),
    **{("tailer_dev", name): connected for name, connected in TAILER.connected(ACCOUNT).items()},
}
NONE: Values = {"frequency": "none"}


def daily(time: str, **more: Any) -> Values:
    """Return a daily schedule."""
    return {"frequency": "daily", "time": time, "timezone": "UTC", **more}


class Scene:
    """What people asked for, what is there, what we recorded; ``plan`` puts it together."""

    def __init__(self, environment: str = "default") -> None:
        self.environment = environment
        self.desired: dict[Address, Desired] = {}
        self.live: dict[Address, Reading] = {}
        self.recorded: dict[Address, Recorded] = {}
        self.diagnostics: list[Diagnostic] = []

    def schedule(
        self,
        name: str,
        *,
        file: Values | None = None,
        live: Values | None = None,
        ours: Values | None = None,
        line: int = 3,
        path: str = "sales.yaml",
    ) -> "Scene":
        """Add a recipe; without ``live`` it is missing."""
        address = Address("sales", "schedule", f"recipe:{name}")
        if file is not None:
            self.desired[address] = Desired(address, file, Span(path, line, 5))
        if ours is not None:
            self.recorded[address] = Recorded(address, ours, THEN, "05v1", False, path)
        gone = Missing(address, Diagnostic("unknown-object", "Unknown recipe", f'There is no recipe "{name}".', "look"))
        self.live[address] = gone if live is None else Live(address, live, "05v1")
        return self

    def tailer(self, kind: str, name: str, *, file: Values | None = None, ours: Values | None = None) -> "Scene":
        """Add something that cannot be read."""
        address = Address("tailer_dev", kind, name)
        if file is not None:
            self.desired[address] = Desired(address, file, Span("tailer.yaml", 7, 5))
        if ours is not None:
            self.recorded[address] = Recorded(address, ours, THEN, None, False, "tailer.yaml")
        self.live[address] = Unreadable(address)
        return self

    def warn(self, detail: str) -> "Scene":
        """Add a warning."""
        self.diagnostics.append(Diagnostic("w", "Careful", detail, severity=Severity.WARNING))
        return self

    def plan(self) -> Plan:
        """Return the plan."""
        stamp = Stamp("p1", NOW, self.environment, Base("lineage", 12))
        views = Snapshots(self.desired, self.live, self.recorded)
        return build_plan(views, KINDS, stamp, diagnostics=self.diagnostics)


HOSTILE = (
    "`code`",
    "a|b",
    "</details>",
    "<script>alert(1)</script>",
    "line\nbreak",
    "# title",
    "``` fence ```",
    "\x1b[31mred",
    "@everyone",
    "[link](http://x)",
    "\u202etxet",
    "\\|",
    "<!-- ",
    "*bold*",
    "`" * 40,
    "\r\n\r\n| a | b |",
    "\x9b31m",
)
