"""The page of a plan in a real browser: it needs no network, fits a phone, works by keyboard and without script.

One browser is started for all of these. Where there is none they are skipped, but never in CI.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from render.pages import full, many, outlook

from browser.chromium import Tab, browser, found
from reconcile.core.address import Address
from reconcile.core.plan import Plan
from reconcile.render.html import error_html, plan_html

HARM = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"

# What is wrong with contrast, as the browser shows it: text against the nearest background that is painted.
CONTRAST = """
(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const share = (part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * share(r) + 0.7152 * share(g) + 0.0722 * share(b);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const color = parse(getComputedStyle(node).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const wrong = [];
  for (const node of document.querySelectorAll("body *")) {
    if (!node.checkVisibility() || ["SCRIPT", "OPTION", "svg", "path", "rect"].includes(node.tagName)) continue;
    if (![...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim())) continue;
    const [low, high] = [light(parse(getComputedStyle(node).color)), light(ground(node))].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) wrong.push(`${node.tagName}.${node.className}: ${ratio.toFixed(2)}`);
  }
  return [...new Set(wrong)];
})()
"""
# Controls that a finger misses: smaller than 24 px (WCAG 2.2, 2.5.8), links within text aside.
SMALL = """
[...document.querySelectorAll("button, input, select, summary, .tiles a, .nav a")]
  .filter((node) => node.checkVisibility())
  .map((node) => [node.outerHTML.slice(0, 80), node.getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24).map(([name]) => name)
"""
FOCUSED = "(document.activeElement.id || document.activeElement.className || document.activeElement.tagName)"
SHOWN = "[...document.querySelectorAll('.c')].filter((each) => !each.hidden).length"


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    """A page of a headless browser."""
    program = found()
    if program is None:
        reason = "no Chromium on this machine (Debian: apt install chromium)"
        if os.environ.get("RECONCILE_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    with browser(program) as opened:
        yield opened


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with everything on it, and with names that mean harm."""
    plan, seen = full()
    worst = replace(plan.changes[1], note=HARM, address=Address("sales", "schedule", f"recipe:{HARM}" + "long" * 100))
    path: Path = tmp_path_factory.mktemp("page") / "plan.html"
    plan = replace(plan, changes=(plan.changes[0], worst, *plan.changes[2:]))
    path.write_text(plan_html(plan, seen, everything=True), encoding="ascii")
    return path


@pytest.fixture(scope="module")
def lot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of a thousand changes."""
    plan = many(1000)
    path: Path = tmp_path_factory.mktemp("page") / "many.html"
    path.write_text(plan_html(plan, outlook(plan)), encoding="ascii")
    return path


def problems(tab: Tab) -> list[str]:
    """Return what the console says, and every request but that for the page itself."""
    said = [str(what) for method, what in tab.events if method in ("Log.entryAdded", "Runtime.exceptionThrown")]
    asked = [what["request"]["url"] for method, what in tab.events if method == "Network.requestWillBeSent"]
    return said + asked[1:]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_it_shows_without_complaint_and_fits(tab: Tab, page: Path, width: int, dark: bool) -> None:
    """No error, no refusal by the policy, no request, nothing wider than the window, contrast, targets for fingers."""
    tab.open(page, width=width, dark=dark)
    tab.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert problems(tab) == []
    assert tab.run("document.documentElement.scrollWidth") <= width
    assert tab.run(CONTRAST) == []
    assert tab.run(SMALL) == []


def test_names_that_mean_harm_do_none(tab: Tab, page: Path) -> None:
    """They are text; and were one not escaped, the policy would still refuse it."""
    tab.open(page)
    assert "broken" not in tab.run("document.title")
    assert tab.run("document.images.length") == 0
    assert tab.run("document.scripts.length") == 1
    assert HARM in tab.run("document.body.innerText")
    tab.run(f"document.body.insertAdjacentHTML('beforeend', {HARM!r})")
    tab.run("document.body.append(Object.assign(document.createElement('script'), {text: 'document.title = 1'}))")
    assert tab.run("document.title").startswith("reconcile: Plan")


def test_the_dark_is_dark(tab: Tab, page: Path) -> None:
    """The colours follow the reader's wish."""
    grounds = []
    for dark in (False, True):
        tab.open(page, dark=dark)
        grounds.append(tab.run("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(255, 255, 255)", "rgb(13, 17, 23)"]


def test_the_keyboard_reaches_everything_in_order(tab: Tab, page: Path) -> None:
    """First the way past the head, then the page from top to bottom; focus is always to be seen."""
    tab.open(page)
    tab.press("Tab")
    assert tab.run(FOCUSED) == "skip"
    assert tab.run("document.activeElement.getBoundingClientRect().width") > 24
    tab.press("Enter")
    assert tab.run(FOCUSED) == "changes"
    order = []
    for _ in range(7):
        tab.press("Tab")
        order.append(tab.run(FOCUSED))
        assert tab.run("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert order == ["words", "sort", "open", "shut", "SUMMARY", "SUMMARY", "SUMMARY"]
    tab.press("Tab", shift=True)
    tab.press("Tab", shift=True)
    assert tab.run("document.activeElement.parentElement.id") == "c1"
    tab.press("Enter")
    assert tab.run("document.getElementById('c1').open") is False
    reached = tab.run("[...document.querySelectorAll('.wide')].every((each) => each.tabIndex === 0)")
    assert reached is True


def test_a_screen_reader_is_told_of_headings_tables_and_pictures(tab: Tab, page: Path) -> None:
    """What the browser hands on to assistive technology, headings inside of what folds included."""
    tab.open(page)
    nodes = [each for each in tab.call("Accessibility.getFullAXTree")["nodes"] if not each["ignored"]]
    names: dict[str, list[str]] = {}
    for node in nodes:
        names.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    assert any("update sales/schedule/recipe:Board_Pack" in name for name in names["heading"])
    assert len([name for name in names["heading"] if "schedule/recipe:" in name]) >= 10
    assert any(name.startswith("Before: ") for name in names["table"])
    assert {"main", "banner", "navigation", "contentinfo"} <= names.keys()
    assert all(names["image"])
    for role in ("button", "link", "searchbox", "combobox", "region", "DisclosureTriangle"):
        assert all(names[role]), role
    assert "deletion" in names
    assert "insertion" in names


def test_a_thousand_changes_are_found_by_words_and_by_action(tab: Tab, lot: Path) -> None:
    """The search, the count that says how many, the tiles, opening all that is left."""
    tab.open(lot)
    assert problems(tab) == []
    tab.run(
        "const set = (id, to, event) => { const it = document.getElementById(id); it.value = to;"
        " it.dispatchEvent(new Event(event)); }; set('words', 'board 0006', 'input')"
    )
    assert tab.run(SHOWN) == 1
    assert tab.run("document.getElementById('told').textContent") == "1 of 1000 changes shown"
    tab.run("document.querySelector('a[data-a=delete]').click()")
    assert tab.run(SHOWN) == 200
    assert tab.run(FOCUSED) == "changes"
    tab.run("document.getElementById('open').click()")
    assert tab.run("document.querySelectorAll('.c[open]').length") == 200
    tab.run("set('sort', '', 'change')")
    assert tab.run(SHOWN) == 1000


def test_a_link_to_a_change_opens_it_even_where_the_search_hides_it(tab: Tab, lot: Path) -> None:
    """What a colleague sent is what one gets to see."""
    tab.open(f"{lot.as_uri()}#c900")
    assert tab.run("document.getElementById('c900').open") is True
    box = "document.getElementById('c900').getBoundingClientRect()"
    assert tab.run(f"{box}.top >= 0 && {box}.top < innerHeight") is True
    tab.run(
        "document.getElementById('words').value = 'nothing'; "
        "document.getElementById('words').dispatchEvent(new Event('input'))"
    )
    assert tab.run(SHOWN) == 0
    tab.run("new Promise((done) => { addEventListener('hashchange', () => setTimeout(done)); location.hash = 'c7'; })")
    assert tab.run("document.getElementById('c7').open && !document.getElementById('c7').hidden") is True


def test_without_script_it_is_all_there(tab: Tab, lot: Path) -> None:
    """What only the script makes work is not to be seen, and each change still folds by itself."""
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        tab.open(lot, width=360)
        root = tab.call("DOM.getDocument", depth=1)["root"]["nodeId"]
        assert tab.call("DOM.querySelector", nodeId=root, selector="#bar[hidden]")["nodeId"]
        assert len(tab.call("DOM.querySelectorAll", nodeId=root, selector=".c summary")["nodeIds"]) >= 1000
        for _ in range(3):
            tab.press("Tab")
    finally:
        tab.call("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("name", ["nothing", "error", "refused"])
def test_pages_of_little_are_in_order_too(tab: Tab, tmp_path: Path, name: str) -> None:
    """A plan of nothing, one without an outlook, no plan at all."""
    plan, _ = full()
    nothing: Plan = replace(
        plan, changes=(), drift=(), unchanged=(), refusals=(), left_out=(), failed=(), diagnostics=()
    )
    texts = {"nothing": plan_html(nothing), "error": error_html(plan.refusals), "refused": plan_html(plan)}
    path = tmp_path / "page.html"
    path.write_text(texts[name])
    tab.open(path, width=360, dark=True)
    assert problems(tab) == []
    assert tab.run("document.documentElement.scrollWidth") <= 360
    assert tab.run(CONTRAST) == []
