"""The page of a plan: all there is to say is on it, in an order that can be read aloud, and nothing in it is obeyed."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.drift import Why
from reconcile.core.hold import Hold
from reconcile.core.kind import Action
from reconcile.core.outlook import Lane
from reconcile.core.plan import Base, Plan
from reconcile.core.redact import Redactor
from reconcile.core.request import Request
from reconcile.core.snapshot import Live
from reconcile.core.source import Span
from reconcile.render.html import LARGEST, error_html, plan_html
from reconcile.render.html_change import MOST_OPEN
from reconcile.render.html_markup import spellings
from reconcile.render.html_week import MOST_LANES
from reconcile.render.terminal import printable
from reconcile.render.text import plan_text

from .html_tree import Element, tree
from .pages import full, hourly, many, outlook, weekly
from .plans import HOSTILE, NOW, Scene, daily

PLAN, OUTLOOK = full()
PAGE = plan_html(PLAN, OUTLOOK, prefix="desired_state/", everything=True)
TREE = tree(PAGE)


def words(text: str) -> str:
    """Return text with every run of spaces as one."""
    return " ".join(text.split())


def words_of(element: Element) -> str:
    """Return the text of an element as it is read, with a space between any two blocks."""
    inline = {"code", "b", "span", "a", "strong", "del", "ins", "i"}

    def pieces(within: Element) -> str:
        return "".join(each if isinstance(each, str) else spaced(each) for each in within.children)

    def spaced(each: Element) -> str:
        return pieces(each) if each.name in inline else f" {pieces(each)} "

    return words(pieces(element))


def empty(**parts: object) -> Plan:
    """Return a plan of nothing, with some parts."""
    base = Plan("p1", NOW, "default", Base("lineage", 1), (), (), (), ())
    return replace(base, **parts)  # type: ignore[arg-type]


# -- what is on it -----------------------------------------------------------------------------------------------------


def test_everything_that_the_text_says_of_a_plan_is_on_its_page() -> None:
    """Line by line, values apart from their decoration."""
    said = words_of(TREE)
    text = plan_text(PLAN, prefix="desired_state/", everything=True, outlook=OUTLOOK, details=False)
    for address in re.findall(r"\S+/\S+/\S+:\S+", text):
        assert address.rstrip(",:") in said
    for line in text.splitlines():
        if line.startswith("          "):
            assert words(line) in said, line
    for piece in (
        "desired_state/sales.yaml:4: the file changed",
        "held: quarter end (until 2026-12-01)",
        "cannot be undone: it cannot",
        "Refused, for 1 reason: apply would change nothing",
        "Hint: --allow-deletes 3",
        "digest 9d2f0c5ae1b74c83b1d6a0f27e94c85a3b60d1f8e27745c9ab01f36de8427b51",
        "stays as it is: it was changed since",
        "year-end freeze",
        "added Monday",
    ):
        assert piece in said, piece


def test_each_change_has_its_effect_its_fields_and_its_calls() -> None:
    """The line that the text has, a table of fields, and the calls as they will be sent."""
    block = TREE.one("c1")
    assert block.attributes["data-a"] == "update"
    said = words_of(block)
    assert "4 -> 9 runs in 31 days (5 gained, 4 moved by -1 h 15 min), from Tue 2026-11-24 06:00" in said
    assert "next before Sat 2026-11-28 07:15 (Fri 22:15)" in said
    rows = [[words(cell.text) for cell in row.all("th", "td")] for row in block.all("table")[0].all("tr")]
    assert rows[0] == ["Field", "Before", "After"]
    assert rows[2] == ["time", "22:15", "21:00"]
    assert [each.text for each in block.all("del", "ins")] == ["[Friday]", "[Monday, Friday]", "22:15", "21:00"]
    (body,) = block.all("pre")
    assert '"frequency": "weekly"' in body.text
    assert "\n" in body.text


def test_the_week_is_a_table_of_numbers() -> None:
    """Two maps and their difference: a caption, days and hours as headings, and figures that add up."""
    maps = [each for each in TREE.all("table") if "heat" in each.classes]
    totals = []
    for each in maps:
        assert each.all("caption")
        assert len([th for th in each.all("th") if th.attributes["scope"] == "col"]) == 24
        assert len([th for th in each.all("th") if th.attributes["scope"] == "row"]) == 7
        totals.append(sum(int(td.text or 0) for td in each.all("td")))
    assert totals == [OUTLOOK.before.total, OUTLOOK.after.total, OUTLOOK.after.total - OUTLOOK.before.total]


def test_a_lane_says_what_it_shows() -> None:
    """Pictures have words, and the same marks as there are runs."""
    pictures = [each for each in TREE.all("svg") if each.attributes.get("role") == "img"]
    assert len(pictures) == len(OUTLOOK.lanes)
    label = pictures[0].attributes["aria-label"] or ""
    assert label == "Before: 1 run: Sat 07:15. After: 2 runs: Tue 06:00, Sat 06:00."


def test_a_week_in_which_no_hour_changes_is_shown_once() -> None:
    """Two maps alike would have to be compared by eye."""
    same = replace(OUTLOOK, after=OUTLOOK.before)
    assert len([each for each in tree(plan_html(PLAN, same)).all("table") if "heat" in each.classes]) == 1


def test_lanes_end_somewhere() -> None:
    """A page of a thousand lanes is read by nobody."""
    lanes = tuple(Lane(Address("a", "b", str(n))) for n in range(MOST_LANES + 3))
    page = tree(plan_html(PLAN, replace(OUTLOOK, lanes=lanes)))
    assert "... and 3 more schedules" in page.text
    assert len([each for each in page.all("svg") if each.attributes.get("role") == "img"]) == MOST_LANES


def test_limits_have_figures_and_a_verdict_in_words() -> None:
    """Before, after, at most; what exceeds by how much, whether by this plan, and the move that would end it."""
    plan = many(100)
    page = tree(plan_html(plan, outlook(plan)))
    said = words_of(page)
    assert "at once" in said
    assert re.search(r"exceeded by \d+", said)
    assert re.search(r"known of \d+ of 100 schedules", said)


@pytest.mark.parametrize("everything", [False, True])
def test_without_an_outlook_there_is_no_picture(everything: bool) -> None:
    """A plan of nothing that has to do with time."""
    page = tree(plan_html(PLAN, everything=everything))
    assert not [each for each in page if each.attributes.get("id") == "week"]
    assert bool([each for each in page if each.attributes.get("id") == "unchanged"]) is everything


def test_a_plan_of_nothing_says_so() -> None:
    """And has no list to search."""
    page = tree(plan_html(empty()))
    assert "Nothing to do." in page.text
    assert page.all("h1")[0].text == "Plan: nothing to do"
    assert not page.all("input")


def test_what_could_not_be_read_is_not_said_to_be_nothing() -> None:
    """Neither by the headline, nor by figures in which it is missing."""
    page = tree(plan_html(empty(failed=PLAN.failed)))
    assert page.all("h1")[0].text == "Plan: nothing to do, 1 object not planned because of errors"
    assert "Nothing to do of what could be read." in page.text
    missing = "NOT the whole: the runs of 1 object not planned because of errors are missing"
    assert TREE.text.count(missing) == len(["the week", "limits", "freezes"])
    assert missing not in tree(plan_html(replace(PLAN, failed=()), OUTLOOK)).text


def test_drift_alone() -> None:
    """What moved, from what to what, and that one object is gone."""
    scene = Scene().schedule("A", file=daily("02:00"), live=daily("01:00"), ours=daily("02:00"))
    page = tree(plan_html(replace(scene.plan(), changes=())))
    assert "drift sales/schedule/recipe:A" in words_of(page)
    assert [words(th.text) for th in page.all("th")[:3]] == ["Field", "Recorded", "Live"]


def test_what_is_unmanaged_is_listed() -> None:
    """``plan --unmanaged``."""
    page = tree(plan_html(empty(), unmanaged=[Live(Address("sales", "schedule", "recipe:Wild"), {})]))
    assert "sales/schedule/recipe:Wild" in page.text


def test_many_changes_begin_closed_and_after_the_overview() -> None:
    """A thousand open changes are no overview, and the week below them would not be found."""
    few, lot = many(MOST_OPEN), many(MOST_OPEN + 1)
    few_page, lot_page = (tree(plan_html(plan, outlook(plan))) for plan in (few, lot))
    assert all("open" in each.attributes for each in few_page.all("details") if "c" in each.classes)
    assert not any("open" in each.attributes for each in lot_page.all("details"))
    heads = [[h.attributes.get("id") for h in page.all("h2")] for page in (few_page, lot_page)]
    assert heads == [["changes", "week", "limits"], ["week", "limits", "changes"]]


def test_counts_lead_to_what_they_count() -> None:
    """Each link of the page has somewhere to go."""
    ids = [each.attributes["id"] for each in TREE if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    goals = [(each.attributes["href"] or "")[1:] for each in TREE.all("a")]
    assert set(goals) <= set(ids)
    assert all((each.attributes["href"] or "").startswith("#") for each in TREE.all("a"))


def test_an_error_is_a_page_too() -> None:
    """What CI keeps as the artifact says why there is no plan."""
    page = tree(error_html([Diagnostic("bad-file", "A bad file", "It is\nbad.", "mend it", Span("a.yaml", 3, 1))]))
    assert page.all("h1")[0].text == "There is no plan"
    for piece in ("error", "A bad file", "It is", "bad.", "mend it", "a.yaml:3", "bad-file"):
        assert piece in page.text


# -- how it is built ---------------------------------------------------------------------------------------------------


def test_it_can_be_found_through_without_eyes() -> None:
    """Language, landmarks, one h1, no level of headings left out, tables with captions and scopes, labels."""
    assert TREE.attributes["lang"] == "en"
    assert [len(TREE.all(name)) for name in ("main", "header", "footer", "nav", "h1")] == [1, 1, 1, 1, 1]
    levels = [int(each.name[1]) for each in TREE.all("h1", "h2", "h3", "h4")]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for table in TREE.all("table"):
        assert table.all("caption")
        assert all(th.attributes["scope"] in ("row", "col") for th in table.all("th"))
    labelled = [each for label in TREE.all("label") for each in label.all("input", "select")]
    assert labelled == TREE.all("input", "select")
    for each in TREE:
        assert each.attributes.get("role") != "region" or each.attributes.get("aria-label")
    names = {each.attributes.get("aria-labelledby") for each in TREE.all("section")}
    assert names <= {each.attributes.get("id") for each in TREE.all("h2")}


def test_it_needs_nothing_from_elsewhere_and_runs_only_our_script() -> None:
    """The policy names the hashes of the one style sheet and the one script, and refuses everything else."""
    policy = next(m.attributes["content"] or "" for m in TREE.all("meta") if "http-equiv" in m.attributes)
    assert policy.startswith("default-src 'none'; ")
    for name in ("script", "style"):
        (element,) = TREE.all(name)
        assert set(element.attributes) == set()
        hashed = b64encode(sha256(element.text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{hashed}'" in policy
    given = {name for each in TREE for name in each.attributes}
    assert not given & {"src", "style", "srcset", "action", "srcdoc"}
    assert not [name for name in given if name.startswith("on")]
    assert not re.search(r"https?:|//|@import|url\(", TREE.all("style")[0].text)


def test_the_same_values_give_the_same_page() -> None:
    """No clock, no chance."""
    assert plan_html(PLAN, OUTLOOK, prefix="desired_state/", everything=True) == PAGE
    assert PAGE.isascii()


def test_a_thousand_changes_with_their_calls_stay_below_two_megabytes() -> None:
    """The figure that the page is held to."""
    plan = many(1000)
    page = plan_html(plan, outlook(plan), prefix="desired_state/")
    assert page.count("<details class=r>") >= 1000
    assert len(page.encode()) < 2_000_000


def test_a_page_that_would_be_too_large_lacks_the_bodies_and_says_so() -> None:
    """Every change a new shape under a long name: the calls are still named, each on a line."""
    scene = Scene()
    old = weekly("Monday", "Friday")
    for n in range(1000):
        scene.schedule(f"{'Long_name_' * 4}{n}", file=hourly(3), live=old, ours=old)
    plan = scene.plan()
    page = plan_html(plan, outlook(plan), prefix="desired_state/")
    assert len(page) <= LARGEST
    assert "The bodies of the calls are left out" in page
    assert page.count("<code>PUT /services/data/") == 1000
    assert "daysOfWeek" not in page


# -- what is harmless on it --------------------------------------------------------------------------------------------


def one_change(name: str, value: str) -> Plan:
    """Return a plan in which every text that comes from elsewhere is ``name`` or ``value``."""
    address = Address(name or "c", name or "k", name or "n")
    diagnostic = Diagnostic(name, name, value.replace("\n", " "), value, Span(name, 1, 1), str(address))
    change = replace(
        Scene().schedule("A", file=daily("02:00"), live=daily("01:00")).plan().changes[0],
        address=address,
        source=Span(name, 1, 1),
        note=value,
        irreversible=value,
        hold=Hold(value),
        requests=(Request("PUT", f"/{name}", {value: [value]}),),
    )
    fields = tuple(replace(field, path=name, before=value, after=(value, "x")) for field in change.fields)
    return empty(
        environment=name,
        id=value,
        digest=value,
        changes=(replace(change, fields=fields),),
        diagnostics=(diagnostic,),
        refusals=(diagnostic,),
        failed=(address,),
    )


def skeleton(page: Element) -> list[tuple[str, tuple[str, ...]]]:
    """Return what a page is made of, without any text."""
    return [(each.name, tuple(each.attributes)) for each in page]


PLAIN = skeleton(tree(plan_html(one_change("name", "value"))))


def assert_harmless(name: str, value: str) -> None:
    page = tree(plan_html(one_change(name, value)))
    assert skeleton(page) == PLAIN
    assert printable(value) in page.text
    assert printable(name) in page.text
    for each in page:
        if each.name not in ("script", "style"):
            texts = [child for child in each.children if isinstance(child, str)]
            assert all(printable(line) == line for text in texts for line in text.split("\n"))


@pytest.mark.parametrize("text", [*HOSTILE, "</style>", "</script>", "&lt;b&gt;", "'\"><img src=x>", "\ud800", "]]>"])
def test_names_that_mean_harm_are_text(text: str) -> None:
    """Tags, ends of tags, entities, quotes, controls, overrides of direction, halves of a character."""
    assert_harmless(f"x{text}x", f"y{text}y")


@settings(max_examples=60)
@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_any_name_and_value_is_text(name: str, value: str) -> None:
    """Whatever stands in them, the page is made of the same elements."""
    assert_harmless(f"x{name}x", f"y{value}y")


@settings(max_examples=40)
@given(st.text(max_size=20).filter(lambda text: len(f"x{text}x".splitlines()) == 1))
def test_a_secret_that_html_spells_otherwise_is_masked(text: str) -> None:
    """Escaped it would not be the text that is looked for; neither as a name, nor as a value, nor inside of JSON."""
    secret = f's3cr&t<"{text}">\\'
    page = tree(Redactor([secret]).spelled(spellings).clean(plan_html(one_change(secret, secret))))
    shown = page.text + "".join(value or "" for each in page for value in each.attributes.values())
    assert "***" in shown
    assert "s3cr" not in shown


def test_very_long_names_are_whole() -> None:
    """Nothing is cut: data is not decoration."""
    name = "n" * 5_000
    assert name in tree(plan_html(one_change(name, "v"))).text


def test_every_why_and_every_action_can_be_shown() -> None:
    """None is forgotten when one is added."""
    change = one_change("n", "v").changes[0]
    for action in Action:
        if action is not Action.UNCHANGED:
            changes = tuple(replace(change, action=action, why=why) for why in Why)
            assert f"to {action}" in tree(plan_html(empty(changes=changes))).text
