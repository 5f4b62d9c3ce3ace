"""What a change does to the runs of a schedule, as a few lines of a page."""

from __future__ import annotations

from reconcile.core.effect import Effect, Tally
from reconcile.core.occurrence import Occurrence, Silence
from reconcile.render.effect import occurrence_words
from reconcile.render.html_markup import Child, Html, join, tag
from reconcile.render.terminal import counted
from reconcile.render.timing import reason_words, silence_words


def effect_facts(effect: Effect, zone: str) -> Html:
    """Return what there is to say below the one line of an effect: the week, what is at risk, the next runs."""
    facts: list[tuple[str, Child]] = [("7 days", _tally(effect.week))] if effect.is_known else []
    if effect.at_risk_before or effect.at_risk_after:
        words = f"{effect.at_risk_before:,} of {counted(effect.runs_before, 'run')} before, "
        facts.append(("at risk", f"{words}{effect.at_risk_after:,} of {effect.runs_after:,} after, in 31 days"))
    facts.append(("next before", _ahead(effect.next_before, effect.silence_before, zone)))
    facts.append(("next after", _ahead(effect.next_after, effect.silence_after, zone)))
    risky = dict.fromkeys(reason for run in (*effect.next_before, *effect.next_after) for reason in run.reasons)
    facts += [("why at risk", reason_words(reason)) for reason in risky]
    return tag("dl", *(join(tag("dt", name), tag("dd", words)) for name, words in facts))


def _tally(tally: Tally) -> str:
    if tally.is_zero:
        return f"{counted(tally.before, 'run')}, none changes"
    parts = (("gained", tally.gained), ("lost", tally.lost), ("moved", tally.moved))
    words = ", ".join(f"{count:,} {name}" for name, count in parts if count)
    return f"{tally.before:,} -> {counted(tally.after, 'run')} ({words})"


def _ahead(runs: tuple[Occurrence, ...], silence: Silence | None, zone: str) -> Child:
    if runs:
        return tag("ul", *(tag("li", occurrence_words(run, zone)) for run in runs), class_="runs")
    return "none" if silence in (None, Silence.UNSCHEDULED) else silence_words(silence)
