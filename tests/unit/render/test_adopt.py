"""What import, accept and ``plan --unmanaged`` say."""

from __future__ import annotations

from reconcile.core.address import Address
from reconcile.core.diff import FieldChange
from reconcile.core.snapshot import Live, Values
from reconcile.render.adopt import (
    MOST_ROWS,
    Imported,
    ImportedFile,
    Taken,
    accept_document,
    diff_shown,
    diff_text,
    import_document,
    import_text,
    unmanaged_document,
    unmanaged_markdown,
    unmanaged_text,
)

A = Address("sales", "schedule", "recipe:A")
FLAGS = Address("tailer", "configuration", "workflow:w")
DAILY: Values = {"frequency": "daily", "time": "01:00", "days": ("a", 1)}


def imported(*, created: bool = True, written: bool = True) -> Imported:
    entries = ((A, DAILY, "The A"), (FLAGS, {"activated": True}, ""), (A, DAILY, ""))
    return Imported((ImportedFile("a.yaml", created, "text\n", entries),), written, 1_200, 0, {FLAGS: "it is odd"})


def test_an_import_says_what_went_where() -> None:
    assert import_text(imported()) == (
        "wrote a.yaml: 2 schedules, 1 configuration\nImported: 3 objects; 1,200 in the files already, 1 left out.\n"
    )
    assert import_text(imported(created=False)).startswith("added to a.yaml: ")
    assert import_text(imported(written=False)).startswith("Imported: 3 objects")
    assert import_text(Imported((), True, 0, 2)) == (
        "Imported: nothing; 2 with nothing to write down (--all writes that, too).\n"
    )
    odd = Imported((ImportedFile("a\x1b.yaml", True, "", ((A, DAILY, ""),)),), True, 0, 0)
    assert "\x1b" not in import_text(odd)


def test_an_import_as_a_document() -> None:
    document = import_document(imported(), [])
    assert document["summary"] == {"imported": 3, "declared": 1200, "absent": 0, "left_out": 1}
    assert document["files"][0]["entries"][0] == {
        "address": "sales/schedule/recipe:A",
        "values": {"frequency": "daily", "time": "01:00", "days": ["a", 1]},
        "label": "The A",
    }
    assert document["left_out"] == [{"address": str(FLAGS), "reason": "it is odd"}]


def test_an_acceptance_as_a_document() -> None:
    taken = Taken(A, "a.yaml", (FieldChange("time", "01:00", None),), {"time": "${var.t}"})
    document = accept_document([taken], [FLAGS], "diff", written=True, diagnostics=[])
    assert document["accepted"] == [
        {
            "address": str(A),
            "file": "a.yaml",
            "fields": [{"path": "time", "before": "01:00", "after": None}],
            "replaced": {"time": "${var.t}"},
        }
    ]
    assert document["in_sync"] == [str(FLAGS)]


def test_a_patch_for_a_terminal_holds_nothing_that_it_would_obey() -> None:
    diff = diff_text("a: 1\n# \x1b[31m\n", "a: 2\n# \x1b[31m\n", "f.yaml")
    assert "\x1b[31m" in diff
    plain = diff_shown(diff, color=False)
    assert "\x1b" not in plain
    assert plain.splitlines()[:2] == ["--- a/f.yaml", "+++ b/f.yaml"]
    assert "\x1b[32m+a: 2\x1b[0m" in diff_shown(diff, color=True)


def test_a_patch_of_line_ends_that_unicode_knows_and_files_do_not() -> None:
    diff = diff_text("a\u2028b\r\nc\r\n", "a\u2028b\r\nd\r\n", "f")
    assert diff == "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\u2028b\r\n-c\r\n+d\r\n"


def test_unmanaged_objects_are_a_line_each() -> None:
    text = unmanaged_text([Live(A, DAILY, "1", "The A"), Live(A, DAILY, "1", "A")])
    assert text == (
        "Unmanaged: 2 objects live and in no file (`reconcile import` writes them down)\n"
        "? live    sales/schedule/recipe:A  frequency: daily, time: 01:00, days: [a, 1]  (The A)\n"
        "? live    sales/schedule/recipe:A  frequency: daily, time: 01:00, days: [a, 1]\n"
    )
    assert "nothing" in unmanaged_text([])
    assert unmanaged_document([Live(A, {"x": 1})]) == [{"address": str(A), "values": {"x": 1}, "label": ""}]


def test_a_table_of_unmanaged_objects_has_an_end() -> None:
    text = unmanaged_markdown([Live(Address("s", "k", f"recipe:{n}`|"), DAILY) for n in range(MOST_ROWS + 7)])
    assert text.count("\n| ") == MOST_ROWS + 1
    assert "... and 7 more" in text
    assert unmanaged_markdown([]) == "Unmanaged: nothing.\n"
