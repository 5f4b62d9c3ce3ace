"""What is to come against what the platforms allow, runs inside freezes, and who else is felt."""

from __future__ import annotations

from collections.abc import Iterable

from reconcile.core.limit import Measure
from reconcile.core.outlook import FrozenRun, Outlook, Prospect
from reconcile.core.standing import Collision, Comparison, Suggestion
from reconcile.render.effect import effect_line, time_words
from reconcile.render.html_effect import effect_facts
from reconcile.render.html_markup import Child, Html, join, tag
from reconcile.render.html_view import View, scroller
from reconcile.render.outlook import peak_words, unplaced_words
from reconcile.render.terminal import counted

_MOST_COLLISIONS = 10


def prospect_block(prospect: Prospect, view: View) -> Html:
    """Return one account's limits, what goes on at once too often, and what nobody knows the duration of."""
    return tag(
        "article",
        tag("h3", tag("code", prospect.connection)),
        _limits(prospect, view),
        *(_collisions(each, view) for each in prospect.limits if each.after.collisions),
        _unmeasured(prospect, view) if prospect.unmeasured else None,
        tag("p", unplaced_words(prospect).capitalize(), class_="q") if prospect.unplaced else None,
    )


def frozen_table(frozen: Iterable[FrozenRun], view: View) -> Html:
    """Return the schedules with runs inside a freeze, after the plan."""
    rows = (
        tag(
            "tr",
            tag("th", view.name(each.address), scope="row"),
            tag("td", each.reason),
            tag("td", f"{counted(each.times, 'run')} in 31 days"),
            tag("td", time_words(each.first, view.zone)),
        )
        for each in frozen
    )
    return _table("The next 31 days, after the plan", ("Schedule", "Freeze", "How often", "First"), rows)


def felt_blocks(outlook: Outlook, view: View) -> Html:
    """Return what the plan does to the runs of objects that it leaves as they are."""
    return join(
        *(
            tag(
                "article",
                tag("h3", view.name(address)),
                tag("p", effect_line(effect, outlook.zone)),
                effect_facts(effect, outlook.zone),
            )
            for address, effect in outlook.felt.items()
        )
    )


def _limits(prospect: Prospect, view: View) -> Html:
    if not prospect.limits:
        return tag("p", "No limit of this account is known.")
    caption = tag("caption", "The most of the next 31 days, before and after the plan")
    numbers = (tag("th", each, scope="col", class_="num") for each in ("Before", "After", "At most"))
    head = tag("thead", tag("tr", tag("th", "Limit", scope="col"), *numbers))
    rows = (_limit(each, view) for each in prospect.limits)
    return tag("table", caption, head, tag("tbody", *rows), class_="t")


def _limit(each: Comparison, view: View) -> Html:
    limit = each.limit
    unit = "runs at once" if limit.measure is Measure.AT_ONCE else f"runs in {limit.window_seconds / 3600:g} h"
    source = tag("small", f"{unit}; {limit.source}")
    before = peak_words(each.before)
    if not each.after.is_known:
        said: Child = tag("span", "not known: nobody knows how long runs take")
        peaks: tuple[Child, Child] = (before, "?")
    else:
        reached = f", most at {time_words(each.after.peak_at, view.zone)}" if each.after.peak_at else ""
        bad = "over" if each.after.is_exceeded else None
        said = join(tag("b", _verdict(each), class_=bad), reached)
        peaks = (before, join(f"{each.after.peak:,}", _bar(each)))
    name = tag("th", tag("b", limit.name), ": ", said, source, scope="row")
    return tag("tr", name, *(tag("td", cell, class_="num") for cell in (*peaks, f"{limit.most:,}")))


def _verdict(each: Comparison) -> str:
    if not each.after.is_exceeded:
        return "no longer exceeded" if each.before.is_exceeded else "within"
    over = f"exceeded by {each.after.peak - each.limit.most:,}"
    if not each.before.is_exceeded:
        return f"{over}, by this plan"
    if each.gets_worse:
        return f"{over}, {each.after.peak - each.before.peak:,} more than before"
    return f"{over}, as before" if each.after.peak == each.before.peak else f"{over}, fewer than before"


def _bar(each: Comparison) -> Html:
    """Return both peaks as bars and the limit as a line: a picture of the figures beside it, no more."""
    longest = max(each.before.peak, each.after.peak, each.limit.most, 1)

    def share(count: int) -> int:
        return round(100 * count / longest)

    return tag(
        "svg",
        tag("rect", class_="was", width=share(each.before.peak), height=4, y=1),
        tag("rect", class_="over" if each.after.is_exceeded else "is", width=share(each.after.peak), height=4, y=6),
        tag("rect", class_="max", x=max(0, share(each.limit.most) - 1), width=1, height=11),
        viewBox="0 0 100 11",
        preserveAspectRatio="none",
        aria_hidden="true",
        class_="bar",
    )


def _collisions(each: Comparison, view: View) -> Html:
    after = each.after.collisions
    items = [_collision(collision, view) for collision in after[:_MOST_COLLISIONS]]
    if len(after) > len(items):
        items.append(tag("li", f"... and {counted(len(after) - len(items), 'more collision')}"))
    title = tag("h4", f"Collisions of \u201c{each.limit.name}\u201d after the plan")
    return join(title, tag("ul", *items, class_="msgs"))


def _collision(collision: Collision, view: View) -> Html:
    often = f"{counted(collision.times, 'time')}, first {time_words(collision.first, view.zone)}"
    return tag(
        "li",
        tag("p", f"{len(collision.addresses):,} at once, {often}:"),
        view.names(collision.addresses),
        _suggestion(collision.suggestion, view) if collision.suggestion else None,
    )


def _suggestion(suggestion: Suggestion, view: View) -> Html:
    way = "later" if suggestion.minutes > 0 else "earlier"
    minutes = counted(abs(suggestion.minutes), "minute")
    return tag("p", tag("b", "Hint: "), "move ", view.name(suggestion.address), f" {minutes} {way}")


def _unmeasured(prospect: Prospect, view: View) -> Html:
    known = prospect.schedules - len(prospect.unmeasured)
    head = f"How long runs take is known of {known:,} of {counted(prospect.schedules, 'schedule')}"
    note = tag("p", "Of these it is not known, and nothing can be said of what runs at once:", class_="q")
    return tag("details", tag("summary", head), note, view.names(prospect.unmeasured), class_="r")


def _table(caption: str, heads: tuple[str, ...], rows: Iterable[Html]) -> Html:
    head = tag("thead", tag("tr", *(tag("th", each, scope="col") for each in heads)))
    return scroller(caption, tag("table", tag("caption", caption), head, tag("tbody", *rows), class_="t"))
