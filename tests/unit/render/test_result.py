"""What became of an apply: every outcome, the third value, the dropped field, the counts."""

import json
import re
from dataclasses import dataclass
from textwrap import dedent

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.diff import FieldChange
from reconcile.core.errors import StateError
from reconcile.core.outlook import Outlook
from reconcile.core.plan import Change, Plan
from reconcile.render.json import document_text
from reconcile.render.markdown import LONGEST
from reconcile.render.result import result_document, result_markdown, result_text

from .plans import HOSTILE, NONE, Scene, daily


@dataclass
class Ended:
    """How one change ended."""

    change: Change
    outcome: str
    diagnostic: Diagnostic | None = None
    fields: tuple[FieldChange, ...] = ()
    note: str = ""


@dataclass
class Done:
    """An apply."""

    plan: Plan
    results: tuple[Ended, ...] = ()
    serial: int | None = 13
    trouble: StateError | None = None
    id: str = "a1"
    outlook: Outlook | None = None


def plan(*names: str) -> Plan:
    scene = Scene()
    for name in names:
        scene.schedule(name, file=daily("05:00"), live=daily("01:00"))
    return scene.plan()


def done(*ends: str) -> Done:
    made = plan(*(f"R{n:05}" for n in range(len(ends))))
    told = Diagnostic("x", "No", "because")
    results = [
        Ended(change, end, None if end in ("done", "skipped") else told)
        for change, end in zip(made.changes, ends, strict=True)
    ]
    return Done(made, tuple(results))


def test_every_outcome_has_a_line() -> None:
    """Done with its note, refused with the third value, failed with the field that was not kept, and the counts."""
    applied = done("done", "refused", "failed", "unknown", "skipped")
    applied.results[0].note = "somebody already did it"
    applied.results[1].fields = (FieldChange("time", "01:00", "03:00"),)
    applied.results[2].fields = (FieldChange("time", "05:00", None),)
    assert result_text(applied) == dedent(
        """\
        done     update  sales/schedule/recipe:R00000 (somebody already did it)
        refused  update  sales/schedule/recipe:R00001
            time: planned 01:00 -> 05:00, but it is 03:00 now
        failed   update  sales/schedule/recipe:R00002
            time: 05:00 -> (not set)
        unknown  update  sales/schedule/recipe:R00003
        skipped  update  sales/schedule/recipe:R00004

        Applied: 1 done, 1 failed, 1 refused, 1 unknown, 1 skipped.
        """
    )


def test_nothing_applied() -> None:
    """Nothing to change, adopted, not approved and refused are four things."""
    adopted = Scene().schedule("A", file=daily("01:00"), live=daily("01:00")).plan()
    assert result_text(Done(Scene().plan())) == "Nothing to change.\n"
    assert result_text(Done(adopted)) == "Nothing to change. 1 recorded as ours.\n"
    assert result_text(Done(plan("A"))) == "Not approved: nothing was changed.\n"
    refused = Scene().schedule("A", live=NONE).plan()
    from dataclasses import replace

    assert result_text(Done(replace(refused, refusals=(Diagnostic("g", "No"),)))) == "Refused: nothing was changed.\n"


def test_colours_only_when_asked_for() -> None:
    """Without colour there is no escape, also with hostile names."""
    made = plan(*HOSTILE)
    applied = Done(made, tuple(Ended(change, "done") for change in made.changes))
    text = result_text(applied)
    assert all(c.isprintable() or c == "\n" for c in text)
    assert "\x1b[32m" in result_text(applied, color=True)


def test_the_document() -> None:
    """Each result with its outcome and its error; the plan inside; every diagnostic once."""
    applied = done("done", "failed")
    document = json.loads(document_text(result_document(applied)))
    assert (document["format"], document["serial"]) == ("reconcile.apply/1", 13)
    assert document["summary"] == {"done": 1, "failed": 1}
    assert [r["error"] for r in document["results"]] == [None, "No: because"]
    assert [d["code"] for d in document["diagnostics"]] == ["x"]
    assert document["plan"]["format"] == "reconcile.plan/1"


def test_trouble_with_recording_is_told() -> None:
    """The changes were made and not recorded: the document says both."""
    applied = done("done")
    applied.trouble, applied.serial = StateError(Diagnostic("state-moved", "Moved")), None
    document = result_document(applied)
    assert document["serial"] is None
    assert [d["code"] for d in document["diagnostics"]] == ["state-moved"]


def test_markdown_of_many_results_fits() -> None:
    """Five thousand outcomes keep the limit, and the summary stays."""
    text = result_markdown(done(*["done"] * 5000))
    assert len(text) <= LONGEST
    assert text.startswith("### reconcile: Applied: 5,000 done.")
    assert re.search(r"\.\.\. and [\d,]+ more lines", text)
