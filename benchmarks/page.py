"""Figures of the page of a plan: how big it is, and how long a browser takes until it can be used.

Run: ``python benchmarks/page.py [--changes 1000] [--rounds 5]``. Prints Markdown for ``benchmarks/README.md``. Plans
and browser are those of the tests; without a Chromium only the first rows are printed. Times are medians of several
loads over ``file://`` into a browser that runs already; layout and script are what the browser itself counted
(``Performance.getMetrics``).
"""

from __future__ import annotations

import argparse
import gzip
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

TESTS = Path(__file__).parents[1] / "tests"
sys.path += [str(TESTS), str(TESTS / "unit")]

from render.pages import many, outlook  # noqa: E402

from browser.chromium import Tab, browser, found  # noqa: E402
from reconcile.render.html import plan_html  # noqa: E402

# (name, what is done to the page once it is loaded)
DEEDS = (
    ("search", "words.value = 'o'; words.dispatchEvent(new Event('input'))"),
    ("open all", "document.getElementById('open').click()"),
    ("jump to the last change", "document.querySelector('.c:last-of-type').scrollIntoView()"),
)
WINDOWS = (("desktop, 1280 px", 1280), ("phone, 390 px", 390))


def size_rows(changes: int) -> tuple[str, list[str]]:
    """Return the page, and rows about making it."""
    plan = many(changes)
    seen = outlook(plan)
    began = time.process_time()
    text = plan_html(plan, seen)
    took = time.process_time() - began
    size, packed = len(text.encode()), len(gzip.compress(text.encode()))
    return text, [
        f"| size | {size / 1e6:.2f} MB ({packed / 1e6:.2f} MB packed) | under 2 MB |",
        f"| made in, CPU | {took:.2f} s | |",
    ]


def browser_rows(tab: Tab, page: Path, rounds: int) -> Iterator[str]:
    """Yield rows about showing it."""
    tab.call("Performance.enable")
    for name, width in WINDOWS:
        loads = [load(tab, page, width) for _ in range(rounds)]
        shown, layout, script = (median(each[part] for each in loads) for part in range(3))
        yield f"| shown, {name} | {shown:.0f} ms (layout {layout:.0f}, script {script:.0f}) | |"
        for deed, script_text in DEEDS:
            yield f"| {deed}, {name} | {deed_ms(tab, script_text):.0f} ms | |"


def load(tab: Tab, page: Path, width: int) -> tuple[float, float, float]:
    """Return milliseconds until the load event, and those of layout (with styles) and of script within."""
    tab.open(page, width=width)
    metrics = {each["name"]: each["value"] for each in tab.call("Performance.getMetrics")["metrics"]}
    spent = tab.run("performance.getEntriesByType('navigation')[0].loadEventEnd")
    layout = metrics["LayoutDuration"] + metrics["RecalcStyleDuration"]
    return spent, 1000 * layout, 1000 * metrics["ScriptDuration"]


def deed_ms(tab: Tab, script: str) -> float:
    """Return milliseconds until the picture after a deed is laid out."""
    measured: float = tab.run(
        "(() => { const words = document.getElementById('words'); const began = performance.now();"
        f" {script}; document.body.getBoundingClientRect(); return performance.now() - began; }})()"
    )
    return measured


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    text, rows = size_rows(given.changes)
    print(f"| page of {given.changes:,} changes | | to reach |")
    print("|---|---|---|")
    print("\n".join(rows))
    program = found()
    if program is None:
        return
    with tempfile.TemporaryDirectory() as folder, browser(program) as tab:
        page = Path(folder) / "plan.html"
        page.write_text(text, encoding="ascii")
        for row in browser_rows(tab, page, given.rounds):
            print(row)


if __name__ == "__main__":
    main()
