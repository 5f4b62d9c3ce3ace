"""Plans for a pull-request comment: they fit, and nothing in a name breaks out of its place."""

import re
from dataclasses import replace

import pytest

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.source import Span
from reconcile.render.markdown import LONGEST, code, drift_markdown, error_markdown, plan_markdown
from reconcile.render.text import plan_text

from .pages import full
from .plans import HOSTILE, NONE, Scene, daily


def test_figures_of_runs_say_what_is_missing_in_them() -> None:
    """A schedule that could not be read runs all the same: an empty hour is not said to be free."""
    missing = "NOT the whole: the runs of 1 object not planned because of errors are missing"
    plan, outlook = full()
    _, _, coming = plan_markdown(plan, outlook=outlook).partition("<summary>What is to come</summary>")
    assert [part.count(missing) for part in coming.split("</details>")] == [1, 1, 0, 0]
    assert plan_text(plan, outlook=outlook).count(missing) == 1
    plan = replace(plan, failed=())
    assert missing not in plan_markdown(plan, outlook=outlook) + plan_text(plan, outlook=outlook)


def large(count: int, *, names: tuple[str, ...] = ("Recipe",)) -> Scene:
    """Return a scene of many changes that also drifted."""
    scene = Scene()
    for number in range(count):
        name = f"{names[number % len(names)]}_{number}"
        scene.schedule(name, file=daily("05:00"), live=daily("03:00"), ours=daily("01:00"), line=number + 1)
    return scene


def without_code(line: str) -> str:
    """Return a line of Markdown without its inline code and its escaped characters."""
    kept, at = "", 0
    while at < len(line):
        if line[at] == "\\":
            at += 2
            continue
        run = re.match(r"`+", line[at:])
        if run is None:
            kept += line[at]
            at += 1
            continue
        end = re.compile(rf"(?<!`){run[0]}(?!`)").search(line, at + len(run[0]))
        at = end.end() if end else at + len(run[0])
    return kept


def assert_balanced(text: str) -> None:
    """Every fence that opens closes, and outside of fences every <details> does, too."""
    fence, opened = "", 0
    for line in text.splitlines():
        run = re.match(r"`{3,}", line)
        if fence:
            if run and line.strip() == line and set(line) == {"`"} and len(line) >= len(fence):
                fence = ""
            continue
        if run:
            fence = run.group()
            continue
        outside = without_code(line)
        opened += outside.count("<details>") - outside.count("</details>")
        assert opened in (0, 1)
        assert not re.search(r"<(?!/?(?:details|summary)>)", outside), line
    assert fence == ""
    assert opened == 0


def test_a_small_plan() -> None:
    """A title, a table row for each change, details folded away."""
    text = plan_markdown(Scene().schedule("A", file=daily("05:00"), live=daily("01:00")).plan(), prefix="d/")
    assert text.startswith("### reconcile: Plan: 1 to update; 0 unchanged\n")
    assert "| action | object | fields | why | where |\n|---|---|---|---|---|\n" in text
    assert "| `~` update | `sales/schedule/recipe:A` | time | new | `d/sales.yaml:3` |" in text
    assert "<details><summary>Details</summary>" in text
    assert "    time: 01:00 -> 05:00" in text
    assert_balanced(text)


def test_an_empty_plan_has_no_table() -> None:
    """Nothing to do is a title."""
    text = plan_markdown(Scene().plan())
    assert "|" not in text
    assert "<details>" not in text


@pytest.mark.parametrize("names", [("Recipe",), HOSTILE], ids=["plain", "hostile"])
@pytest.mark.parametrize("requests", [False, True])
def test_five_thousand_changes_fit(names: tuple[str, ...], requests: bool) -> None:
    """The platform's limit is kept whatever is in the plan, and what is missing is counted."""
    text = plan_markdown(large(5000, names=names).plan(), requests=requests)
    assert len(text) <= LONGEST == 65_536
    assert re.search(r"\.\.\. and [\d,]+ more changes", text)
    assert "5000 to update" in text or "5,000 to update" in text
    assert_balanced(text)


@pytest.mark.parametrize("count", [1, 40, 150, 300, 400, 600, 900])
def test_what_is_shown_and_what_is_missing_add_up(count: int) -> None:
    """Rows shown plus rows missing are all rows."""
    text = plan_markdown(large(count).plan())
    missing = re.search(r"\.\.\. and ([\d,]+) more change", text)
    rows = len(re.findall(r"^\| `~` update", text, re.MULTILINE))
    assert rows + (int(missing[1].replace(",", "")) if missing else 0) == count
    assert len(text) <= LONGEST
    assert_balanced(text)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_in_their_place(name: str) -> None:
    """One row with five cells, no markup of its own, balanced fences."""
    scene = Scene().schedule(name, file=daily("05:00"), live=daily("03:00"), ours=daily("01:00")).warn(name)
    scene.schedule(f"{name} gone", file=daily("01:00"))
    text = plan_markdown(scene.plan(), requests=True)
    assert_balanced(text)
    (row,) = [line for line in text.splitlines() if line.startswith("| `~`")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 6


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_diagnostics(name: str) -> None:
    """Messages are text: no tag, no fence, no heading of their own."""
    told = Diagnostic("x", name, f"{name}\n</details>\n```", name, Span(name, 1, 1))
    plan = replace(Scene().plan(), diagnostics=(told,), refusals=(told,))
    text = plan_markdown(plan)
    assert_balanced(text)
    assert len([line for line in text.splitlines() if line.startswith("- **error**")]) == 2
    assert not any(line.startswith(("# ", "```")) for line in text.splitlines())


def test_a_thousand_long_messages_fit() -> None:
    """Diagnostics alone cannot fill the comment: the table is still there."""
    scene = large(50)
    for number in range(1000):
        scene.warn(f"{number} " + "x" * 500)
    text = plan_markdown(scene.plan())
    assert len(text) <= LONGEST
    assert "more lines" in text
    assert "| `~` update" in text


def test_one_giant_of_everything_fits() -> None:
    """A name, a message and a file name of 100,000 characters each."""
    giant = "`x|" * 33_334
    scene = Scene().schedule(giant, file=daily("05:00"), live=NONE, path=giant).warn(giant)
    text = plan_markdown(scene.plan(), requests=True, before=giant)
    assert len(text) <= LONGEST
    assert_balanced(text)


def test_drift() -> None:
    """How many drifted and how many changes wait, in the title; the objects fold away."""
    plan = large(3).plan()
    text = drift_markdown(plan.drift, 2, ())
    assert text.startswith("### reconcile: 3 objects drifted; 2 changes of the files not applied\n")
    assert "time: 01:00 -> 03:00" in text
    assert_balanced(text)
    assert drift_markdown((), 0, ()).startswith("### reconcile: no drift\n")


def test_what_could_not_be_read_is_not_no_drift() -> None:
    """Nothing found and not all seen is not "no drift"."""
    assert drift_markdown((), 0, (), unread=2).startswith("### reconcile: 2 objects could not be read\n")


def test_an_error_is_text_that_fits() -> None:
    """What a command says that failed: messages, and nothing that looks like a result."""
    told = Diagnostic("x", "No", "because of `<b>`", "do this")
    text = error_markdown([told] * 3000)
    assert text.startswith("### reconcile: failed\n")
    assert "because of" in text
    assert len(text) <= LONGEST
    assert_balanced(text)


def test_much_drift_fits() -> None:
    """Also drift alone keeps the limit."""
    text = drift_markdown(large(5000, names=HOSTILE).plan().drift, 0, ())
    assert len(text) <= LONGEST
    assert re.search(r"\.\.\. and [\d,]+ more", text)
    assert_balanced(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "`a`"),
        ("a|b", "`a\\|b`"),
        ("a`b", "``a`b``"),
        ("`a", "`` `a ``"),
        ("a``", "``` a`` ```"),
        ("a\nb", "`a\\nb`"),
    ],
)
def test_inline_code(text: str, expected: str) -> None:
    """The fence is longer than any run of backticks inside."""
    assert code(text) == expected
