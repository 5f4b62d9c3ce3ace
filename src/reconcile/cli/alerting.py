"""``--alert``: a look at drift, and people told of what is new in it; also of a look that came to nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from reconcile.cli.options import Options, err

if TYPE_CHECKING:
    from reconcile.cli.border import Border
    from reconcile.cli.workspace import Workspace
    from reconcile.config.load import Config
    from reconcile.core.alerted import Alerted
    from reconcile.engine.check import Checked


class Alarm:
    """Tells the sinks of a workspace. What sinks print is kept until ``release``, behind what the command prints."""

    def __init__(self, workspace: Workspace) -> None:
        from reconcile.alerts.send import Ways

        self._workspace = workspace
        self._printed: list[str] = []
        self._ways = Ways(self._printed.append, workspace.config.root)

    def look(self, looking: Callable[[], Checked], edge: Border, options: Options) -> tuple[Checked, Alerted]:
        """Return what a look finds, and what became of the alerts. Of a look that raises it tells before it raises."""
        from reconcile.core.errors import ReconcileError
        from reconcile.engine.alerting import alert, alert_failure

        place, selection = self._workspace.place, self._workspace.selection
        try:
            found = looking()
        except ReconcileError as error:
            told = alert_failure(place, error.diagnostics, self._ways, selection)
            edge.show(told.diagnostics, options)
            self.release(edge, options)
            raise
        return found, alert(place, found, self._ways, selection)

    def release(self, edge: Border, options: Options) -> None:
        """Print what sinks have for stdout; on stderr where stdout holds a document."""
        text = "".join(self._printed)
        self._printed.clear()
        if text:
            edge.print(text) if options.format == "text" else err(edge.redactor.clean(text))


def alarm_of(workspace: Workspace) -> Alarm:
    """Return what tells the sinks of a workspace. Raises ``ConfigError`` when it has none, or one cannot be reached."""
    check_sinks(workspace.config)
    return Alarm(workspace)


def check_sinks(config: Config) -> None:
    """Raise ``ConfigError`` when a workspace has no sinks, or lacks what one of them is reached with."""
    from reconcile.core.diagnostic import Diagnostic
    from reconcile.core.errors import ConfigError

    if config.mute:
        raise ConfigError(config.mute)
    if not config.alerts.sinks:
        detail = "reconcile.yaml names no place where alerts could go."
        hint = "add for example: alerts: {sinks: [{type: stdout}]}"
        raise ConfigError(Diagnostic("no-sinks", "There is nobody to tell", detail, hint))
