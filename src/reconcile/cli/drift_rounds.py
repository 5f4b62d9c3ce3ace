"""What ``reconcile watch`` does in a round: read everything anew, look, tell. Keeps nothing that grows with rounds."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from reconcile.alerts.send import Ways
from reconcile.cli import metrics as of
from reconcile.cli.alerting import alarm_of
from reconcile.cli.border import border, defect, fresh_border
from reconcile.cli.health import TEXT, Page, Pages, json_page
from reconcile.cli.measure import put_check, put_failed_check
from reconcile.cli.metrics import CONTENT_TYPE
from reconcile.cli.observing import meter, tracer, write_numbers
from reconcile.cli.options import Options, err, out
from reconcile.cli.progress import Progress
from reconcile.cli.round_text import alerts_failed, alerts_sent, document_line, round_document, round_line
from reconcile.cli.workspace import check_selection, open_workspace
from reconcile.core.acknowledge import sorted_drift
from reconcile.core.address import Selection
from reconcile.core.alerted import Alerted
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ReconcileError
from reconcile.core.redact import cleaned
from reconcile.engine.alerting import alert, alert_failure
from reconcile.engine.check import check_drift
from reconcile.engine.place import Place
from reconcile.engine.planning import Wish
from reconcile.engine.watching import Look, Pace, Pulse, Round, Verdict


class Rounds:
    """The rounds of one watch, and what is known of it between them."""

    def __init__(
        self, options: Options, pace: Pace, *, alerts: bool = False, exact: bool = False, metrics: Path | None = None
    ) -> None:
        self._options, self._pace = options, pace
        self._alerts, self._exact, self._metrics = alerts, exact, metrics
        self._meter = meter()
        self._pulse = Pulse()
        self._shown: tuple[Diagnostic, ...] = ()
        # The last place that could be opened: who is told that the files are wrong stands in the files.
        self._place: Place | None = None
        for verdict in Verdict:
            self._meter.count(of.ROUNDS, 0, verdict)

    def look(self) -> Look:
        """Look, with files, state and connections opened anew. Raises ``ReconcileError`` whatever goes wrong."""
        # Each login brings a new secret to hide, so what the last round hid is let go of.
        edge = fresh_border()
        try:
            with tracer().span("check"), Progress(self._options, edge) as progress:
                return self._looked(progress)
        except ReconcileError:
            raise
        except OSError as error:
            told = f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}."
            raise ReconcileError(Diagnostic("check-failed", "The check failed", told)) from error
        except Exception as error:
            raise defect(error) from error

    def _looked(self, progress: Progress) -> Look:
        workspace = open_workspace(self._options, progress)
        if self._alerts:
            alarm_of(workspace)  # raises when there is nobody to tell
        place = self._place = workspace.place
        check_selection(workspace)
        found = check_drift(place, Wish(workspace.selection, exact=self._exact))
        drift = sorted_drift(found.drift, place.acknowledged, place.environment, found.at)
        told = self._told(partial(alert, place, found), place)
        of_look = (*workspace.config.diagnostics, *found.diagnostics, *drift.diagnostics)
        return Look(found, drift, (*of_look, *_about(told)), told)

    def failed(self, diagnostics: tuple[Diagnostic, ...]) -> Look:
        """Return the look that came to nothing, once it was told."""
        place, clean = self._place, border().redactor.clean
        cleaned = [replace(each, detail=clean(each.detail), hint=clean(each.hint)) for each in diagnostics]
        told = self._told(partial(alert_failure, place, cleaned), place) if place else None
        return Look(None, diagnostics=(*diagnostics, *_about(told)), alerted=told)

    def tell(self, done: Round) -> None:
        """Print a round, and note it where others look."""
        edge, look = border(), done.look
        self._count(done)
        # What is the matter with a file is the matter in every round: said when it is news.
        if look.diagnostics != self._shown:
            edge.show(look.diagnostics, self._options)
            self._shown = look.diagnostics
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if self._options.is_json:
            out(document_line(cleaned(round_document(done, at), edge.redactor.clean)))
        else:
            edge.print(round_line(done, at))
        sys.stdout.flush()
        # The collector is set for commands that end soon; here, what a round leaves behind goes before the next.
        gc.collect()

    def pages(self) -> Pages:
        """Return what is served of the watch."""
        return {
            "/healthz": lambda: (200, TEXT, "ok\n"),
            "/readyz": self._ready,
            "/metrics": lambda: (200, CONTENT_TYPE, self._meter.text()),
        }

    def _ready(self) -> Page:
        pulse, now = self._pulse, self._pace.now()
        is_fresh = pulse.is_fresh(now, self._pace.every)
        return json_page(
            200 if is_fresh else 503,
            {
                "ready": is_fresh,
                "rounds": pulse.rounds,
                "result": pulse.verdict and pulse.verdict.value,
                "age_seconds": _age(now, pulse.ended),
                "success_age_seconds": _age(now, pulse.succeeded),
                "every_seconds": self._pace.every,
            },
        )

    def _count(self, done: Round) -> None:
        numbers, look, place = self._meter, done.look, self._place
        self._pulse = self._pulse.after(done)
        if look.checked and place:
            put_check(numbers, place, look.checked, look.drift, done.seconds, time.time())
        else:
            put_failed_check(numbers, done.seconds, time.time())
        numbers.count(of.ROUNDS, 1, look.verdict)
        numbers.count(of.SKIPPED, done.turn.skipped)
        if self._alerts:
            numbers.count(of.ALERTS, alerts_sent(look.alerted), "sent")
            numbers.count(of.ALERTS, alerts_failed(look.alerted), "failed")
        if self._metrics:
            write_numbers(self._metrics, numbers)

    def _told(self, tell: Callable[[Ways, Selection], Alerted], place: Place) -> Alerted | None:
        """Return what became of the alerts; None where nobody wants any."""
        if not self._alerts:
            return None
        selection = Selection(self._options.select, self._options.exclude)
        # Stdout holds one document a line: what a sink would print there goes beside it.
        return tell(Ways(err if self._options.is_json else out, Path(place.checkout.folder)), selection)


def _about(told: Alerted | None) -> tuple[Diagnostic, ...]:
    return told.diagnostics if told else ()


def _age(now: float, moment: float | None) -> float | None:
    return None if moment is None else round(now - moment, 1)
