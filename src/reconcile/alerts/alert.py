"""What a look at drift found, as alerts; and the word that something is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from reconcile.core.alert import Alert, Alerting, AlertKind, Level, Told
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.drift import Drift
from reconcile.core.fingerprint import drift_fingerprint, failure_fingerprint

CHECK = "check"
MOST_DETAILS = 20


def alerts_of(
    drift: Iterable[Drift], diagnostics: Iterable[Diagnostic], about: Alerting, check: str, clean: Callable[[str], str]
) -> tuple[Alert, ...]:
    """Return an alert for each object that drifted, in the order given; and before them one when the check failed.

    Any error among ``diagnostics`` means that it failed, or did of something: that is told apart, and never the same as
    "no drift". ``check`` names the check (see ``check_name``), ``clean`` takes secrets out of messages.
    """
    errors = [each for each in diagnostics if each.is_error]
    failed = (_failed(errors, about, check, clean),) if errors else ()
    return (*failed, *(_drifted(item, about) for item in drift))


def check_name(select: Iterable[str] = (), exclude: Iterable[str] = ()) -> str:
    """Return the subject of alerts about the check itself: checks of different objects fail each for itself."""
    parts = [*select, *(f"not {pattern}" for pattern in exclude)]
    return f"{CHECK} of {', '.join(parts)}" if parts else CHECK


def is_check(subject: str) -> bool:
    """Say whether a subject names a check, and no object."""
    return subject == CHECK or subject.startswith(f"{CHECK} of ")


def over(subject: str, told: Told) -> Alert:
    """Return the word that what was told of ``subject`` is over."""
    if told.kind is AlertKind.CHECK_FAILED:
        kind, words = AlertKind.CHECK_RESTORED, f"the {subject} works again"
    else:
        kind, words = AlertKind.BACK_IN_SYNC, f"{subject} is back in sync"
    return Alert(kind, subject, told.fingerprint, Level.INFO, words)


def _drifted(item: Drift, about: Alerting) -> Alert:
    subject = str(item.address)
    words = f"{subject} no longer exists on the platform" if item.gone else f"{subject} drifted"
    level = about.level_of(AlertKind.DRIFT, subject)
    fields = () if item.gone else item.fields
    return Alert(AlertKind.DRIFT, subject, drift_fingerprint(item), level, words, tuple(_traces(item)), fields)


def _traces(item: Drift) -> Iterator[str]:
    """Yield who changed it last, as far as the platform tells, and where it is declared."""
    modified = item.modified
    # What was changed before our last apply did not bring this about.
    if modified and (modified.by or modified.at) and not "" < modified.at < item.applied_at:
        who = f" by {modified.by}" if modified.by else ""
        when = f" at {modified.at}" if modified.at else ""
        yield f"{modified.of} last changed{who}{when}"
    if item.source:
        yield f"declared in {item.source.file}:{item.source.line}"


def _failed(errors: list[Diagnostic], about: Alerting, check: str, clean: Callable[[str], str]) -> Alert:
    lines = [clean(f"{each.summary}: {each.detail}" if each.detail else each.summary) for each in errors]
    details = tuple(dict.fromkeys(lines))
    shown = details[:MOST_DETAILS]
    more = (f"and {len(details) - MOST_DETAILS:,} more",) if len(details) > MOST_DETAILS else ()
    level = about.level_of(AlertKind.CHECK_FAILED, check)
    words = f"the {check} failed: what has drifted cannot be said, or not of everything"
    return Alert(AlertKind.CHECK_FAILED, check, failure_fingerprint(errors), level, words, (*shown, *more))
