"""Alerts and messages to test with."""

from __future__ import annotations

from collections.abc import Callable

from reconcile.alerts.message import Message
from reconcile.core.address import Address
from reconcile.core.alert import Alert, AlertKind, Level
from reconcile.core.alerted import Notice, Occasion
from reconcile.core.diff import FieldChange
from reconcile.core.drift import Drift, Why
from reconcile.core.snapshot import Value

PACK = "sales/schedule/recipe:Board_Pack"
CLOSE = "sales/schedule/recipe:Month_Close"
NOON = "2026-11-23T12:00:00Z"


def drift_of(address: str = PACK, after: Value = "09:00", *, before: Value = "01:00", gone: bool = False) -> Drift:
    fields = (FieldChange("time", before, None if gone else after),)
    return Drift(Address.parse(address), Why.DRIFT, fields, None, NOON, gone=gone)


def alert_of(subject: str = PACK, fingerprint: str = "a" * 16, level: Level = Level.WARNING) -> Alert:
    fields = (FieldChange("time", "01:00", "09:00"),)
    return Alert(AlertKind.DRIFT, subject, fingerprint, level, f"{subject} drifted", (), fields)


def message_of(*alerts: Alert, environment: str = "default", clean: Callable[[str], str] = str) -> Message:
    notices = tuple(Notice(alert, Occasion.NEW) for alert in alerts or (alert_of(),))
    return Message("id-1", NOON, environment, notices, clean)
