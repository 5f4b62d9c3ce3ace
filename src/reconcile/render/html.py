"""A plan as one page that a reviewer opens from CI artifacts: on a phone, in the dark, by keyboard, read aloud."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.kind import Action
from reconcile.core.outlook import Outlook
from reconcile.core.plan import Plan
from reconcile.core.snapshot import Live
from reconcile.render.held import held_lines, holds_of
from reconcile.render.html_change import MOST_OPEN, change_block, drift_block, left_out_block
from reconcile.render.html_limit import felt_blocks, frozen_table, prospect_block
from reconcile.render.html_markup import Child, Html, between, join, tag
from reconcile.render.html_page import page
from reconcile.render.html_view import View, section
from reconcile.render.html_week import lanes, week_maps
from reconcile.render.terminal import counted, painter, when_text
from reconcile.render.text import COUNTED, SIGNS, summary_line, unchanged_words, uncounted_words, unseen_lines

# A page above this is slow to open on a phone, and some CI systems refuse to show it. Bytes; it is all ASCII.
LARGEST = 2_000_000

# (id, title in the navigation, the section itself)
Part = tuple[str, str, Html]


def plan_html(
    plan: Plan,
    outlook: Outlook | None = None,
    *,
    prefix: str = "",
    everything: bool = False,
    unmanaged: Sequence[Live] = (),
) -> str:
    """Return the plan as one HTML document that needs nothing from elsewhere and holds all there is to say.

    ``outlook`` adds when things run, before and after. ``prefix`` is put before file names. ``everything`` lists the
    unchanged objects, too, ``unmanaged`` what is live and in no file. The same values give the same text. A page that
    would be larger than ``LARGEST`` lacks the bodies of the calls, and says so.
    """
    whole = _page(plan, outlook, prefix, everything, unmanaged, bodies=True)
    if len(whole) <= LARGEST or not any(change.requests for change in plan.changes):
        return whole
    return _page(plan, outlook, prefix, everything, unmanaged, bodies=False)


def _page(
    plan: Plan, outlook: Outlook | None, prefix: str, everything: bool, unmanaged: Sequence[Live], *, bodies: bool
) -> str:
    anchors = {str(change.address): f"c{number}" for number, change in enumerate(plan.changes, 1)}
    view = View(prefix, anchors, outlook.zone if outlook else "UTC", bodies)
    parts = [*_parts(plan, outlook, view, everything, unmanaged)]
    links = [tag("li", tag("a", title, href=f"#{name}")) for name, title, _ in parts]
    nav = tag("nav", tag("ul", *links), aria_label="Sections", class_="nav") if len(links) > 1 else None
    ids = {name for name, _, _ in parts}
    title = summary_line(plan).removesuffix(".")
    head = tag("header", tag("h1", _headline(plan)), _meta(plan), _refused(plan, view), _tiles(plan, ids), nav)
    main = tag("main", *(body for _, _, body in parts))
    return page(f"reconcile: {title}", head, main, _footer(), skip="changes")


def error_html(diagnostics: Sequence[Diagnostic], *, prefix: str = "") -> str:
    """Return the page of a command that failed before it had a result: why, and the ways out."""
    view = View(prefix)
    told = tag("ul", *map(view.message, diagnostics), class_="msgs")
    head = tag("header", tag("h1", "There is no plan"), tag("p", "It failed before there was one."))
    main = tag("main", section("messages", _counted_title("Messages", len(diagnostics)), told, class_="refused"))
    return page("reconcile: failed", head, main)


def _parts(
    plan: Plan, outlook: Outlook | None, view: View, everything: bool, unmanaged: Sequence[Live]
) -> Iterator[Part]:
    """Return the sections in the order in which they are read; with many changes the overview comes before them."""
    yield from _messages(plan, view)
    changes = ("changes", "Changes", _changes(plan, outlook, view))
    overview = [*_overview(outlook, view, uncounted_words(plan))] if outlook else []
    yield from (*overview, changes) if len(plan.changes) > MOST_OPEN else (changes, *overview)
    yield from _found(plan, view)
    if everything and plan.unchanged:
        yield "unchanged", "Unchanged", _unchanged(plan, view)
    if unmanaged:
        rows = tag("ul", *(tag("li", view.name(each.address)) for each in unmanaged), class_="same")
        note = tag("p", "Live, and in no file.", class_="q")
        yield "unmanaged", "Unmanaged", section("unmanaged", _counted_title("Unmanaged", len(unmanaged)), note, rows)


def _messages(plan: Plan, view: View) -> Iterator[Part]:
    if not plan.diagnostics and not plan.failed:
        return
    told = tag("ul", *map(view.message, plan.diagnostics), class_="msgs") if plan.diagnostics else None
    failed = None
    if plan.failed:
        failed = join(tag("h3", f"Not planned because of errors: {len(plan.failed):,}"), view.names(plan.failed))
    yield "messages", "Messages", section("messages", _counted_title("Messages", len(plan.diagnostics)), told, failed)


def _overview(outlook: Outlook, view: View, missing: str) -> Iterator[Part]:
    """Return the pictures and figures of what is to come; ``missing`` says what is not among them, if anything."""
    zone = (
        f"The clock is that of {outlook.zone}; an empty cell is an hour in which nothing begins, a grey one is over. "
    )
    seen = f"{counted(outlook.schedules, 'schedule')} seen, as of {when_text(outlook.start.isoformat())}."
    note = tag("p", zone, seen, class_="q")
    warning = tag("p", tag("strong", f"{missing}.")) if missing else None
    title = "The week before and after"
    yield "week", "Week", section("week", title, note, warning, week_maps(outlook), lanes(outlook, view))
    if outlook.prospects:
        blocks = [prospect_block(each, view) for each in outlook.prospects]
        yield "limits", "Limits", section("limits", "Forecast against limits", warning, *blocks)
    if outlook.frozen:
        table = frozen_table(outlook.frozen, view)
        yield "freezes", "Freezes", section("freezes", "Runs inside freezes", warning, table)
    if outlook.felt:
        note = tag("p", "Left as they are, but they wait for something that changes.", class_="q")
        head = _counted_title("Felt by others", len(outlook.felt))
        yield "felt", "Felt by others", section("felt", head, note, felt_blocks(outlook, view))


def _found(plan: Plan, view: View) -> Iterator[Part]:
    if plan.drift:
        holds = holds_of(plan.held)
        blocks = [drift_block(item, view, holds.get(item.address)) for item in plan.drift]
        note = tag("p", "Moved on the platform since our last apply.", class_="q")
        yield "drift", "Drift", section("drift", _counted_title("Drift", len(plan.drift)), note, *blocks)
    if plan.left_out:
        blocks = [left_out_block(item, view) for item in plan.left_out]
        head = _counted_title("Left as they are", len(plan.left_out))
        yield "left", "Left as they are", section("left", head, *blocks)
    if plan.held:
        yield "held", "Held", _held(plan, view)
    unseen = [] if plan.undoes else unseen_lines(plan.unchanged, painter(False))
    if unseen:
        lines = (tag("p", line) for line in "\n".join(unseen).split("\n"))
        yield "unseen", "Not shown", section("unseen", "What the platform cannot show", *lines)


def _changes(plan: Plan, outlook: Outlook | None, view: View) -> Html:
    effects = outlook.effects if outlook else {}
    is_open = len(plan.changes) <= MOST_OPEN
    blocks = [change_block(each, view, effects.get(each.address), is_open=is_open) for each in plan.changes]
    nothing = None if blocks else tag("p", f"Nothing to do{' of what could be read' if plan.failed else ''}.")
    bar = _bar(plan) if len(blocks) > 1 else None
    less = "The bodies of the calls are left out, this page would be too large with them; --format json has them."
    short = None if view.bodies else tag("p", less, class_="q")
    many = None if is_open else "many"
    return section("changes", _counted_title("Changes", len(blocks)), bar, short, nothing, *blocks, class_=many)


def _bar(plan: Plan) -> Html:
    """Return what finds and folds changes; hidden until the script that works it runs."""
    sorts = [tag("option", action.value, value=action.value) for action, _ in COUNTED if plan.count(action)]
    return tag(
        "div",
        tag("label", "Find", tag("input", type="search", id="words", autocomplete="off", spellcheck="false")),
        tag("label", "Action", tag("select", tag("option", "all", value=""), *sorts, id="sort")),
        tag("button", "Open all", type="button", id="open"),
        tag("button", "Close all", type="button", id="shut"),
        tag("p", role="status", id="told", class_="q"),
        id="bar",
        class_="tools",
        hidden=True,
    )


def _held(plan: Plan, view: View) -> Html:
    lines = (tag("p", line.removeprefix("held: ")) for line in held_lines(plan.held, plan.created_at))
    return section(
        "held", _counted_title("Held", len(plan.held)), *lines, view.names([item.address for item in plan.held])
    )


def _unchanged(plan: Plan, view: View) -> Html:
    rows = []
    for item in plan.unchanged:
        words = f"{view.place(item.source)}{unchanged_words(item, plan.created_at)}".strip()
        rows.append(tag("li", view.name(item.address), tag("small", words) if words else None))
    return section("unchanged", _counted_title("Unchanged", len(rows)), tag("ul", *rows, class_="same"))


def _headline(plan: Plan) -> str:
    where = "" if plan.environment == "default" else f" for {plan.environment}"
    done = counted(len(plan.changes), "change") if plan.changes else "nothing to do"
    failed = f", {counted(len(plan.failed), 'object')} not planned because of errors" if plan.failed else ""
    return f"Plan{where}: {done}{failed}{', refused' if plan.refusals else ''}"


def _meta(plan: Plan) -> Html:
    parts = [f"made {when_text(plan.created_at)}", f"environment {plan.environment}", f"plan {plan.id}"]
    parts += [f"from record {plan.base.serial:,}"]
    parts += [f"takes back apply {plan.undoes}"] if plan.undoes else []
    shown = [tag("span", part) for part in parts]
    shown += [tag("span", "digest ", tag("code", plan.digest), class_="digest")] if plan.digest else []
    return tag("p", between(" \u00b7 ", shown), class_="meta")


def _refused(plan: Plan, view: View) -> Html | None:
    if not plan.refusals:
        return None
    title = f"Refused, for {counted(len(plan.refusals), 'reason')}: apply would change nothing"
    return section("refused", title, tag("ul", *map(view.message, plan.refusals), class_="msgs"), class_="refused")


def _tiles(plan: Plan, ids: set[str]) -> Html:
    """Return the counts, each a link to what it counts where the page shows that."""
    tiles = [_action_tile(plan, action, words) for action, words in COUNTED if plan.count(action)]
    rest: list[tuple[int, str, str]] = [
        (len(plan.unchanged), "unchanged", "unchanged"),
        (len(plan.records), "to be recorded as ours", "unchanged"),
        (len(plan.held), "held", "held"),
        (len(plan.drift), "drifted", "drift"),
        (len(plan.left_out), "left as they are", "left"),
        (len(plan.failed), "not planned because of errors", "messages"),
    ]
    for count, words, goal in rest:
        if count or words == "unchanged":
            tiles.append(_tile(count, words, f"#{goal}" if goal in ids else None))
    return tag("ul", *tiles, class_="tiles")


def _action_tile(plan: Plan, action: Action, words: str) -> Html:
    first = next(number for number, change in enumerate(plan.changes, 1) if change.action is action)
    return _tile(plan.count(action), words, f"#c{first}", action)


def _tile(count: int, words: str, href: str | None, action: Action | None = None) -> Html:
    sign = tag("i", SIGNS[action][0], class_=action.value, aria_hidden="true") if action else None
    inner: tuple[Child, ...] = (sign, tag("b", f"{count:,}"), " ", tag("span", words))
    return tag("li", tag("a", *inner, href=href, data_a=action and action.value) if href else tag("span", *inner))


def _footer() -> Html:
    return tag("footer", tag("p", "Made by ", tag("code", "reconcile plan --format html"), ".", class_="q"))


def _counted_title(title: str, count: int) -> str:
    return f"{title} ({count:,})"
