"""Files edited in place: what is added or changed, and that every other character stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconcile.config.draft import Acceptance, accepted, into_file, new_files
from reconcile.config.edit import Editor
from reconcile.config.entry import entry_for
from reconcile.config.load import Config, load
from reconcile.config.notation import Unwritable
from reconcile.config.splice import CannotEdit, Edit, spliced
from reconcile.config.text import Text
from reconcile.config.writer import Entry, Variables
from reconcile.core.accept import accepted_changes
from reconcile.core.address import Address
from reconcile.core.errors import ConfigError
from reconcile.core.snapshot import Live, Values
from reconcile.providers.crm_analytics.schedule import ScheduleKind
from reconcile.providers.registry import providers
from reconcile.providers.tailer.kinds import ConfigurationKind

WORKSPACE = """\
version: 1
connections:
  sales:
    provider: crm_analytics
    instance_url: https://acme.my.salesforce.com
    auth: {method: access_token, access_token: "${env.TOKEN}"}
  other:
    provider: crm_analytics
    instance_url: https://other.my.salesforce.com
    auth: {method: access_token, access_token: "${env.TOKEN}"}
  tailer:
    provider: tailer
    account: "000099"
    environment: DEV
    auth: {method: token, token: "${env.TOKEN}"}
variables: {zone: America/Los_Angeles, far: "${env.FAR}", where: sales, every: 3}
"""
ENVIRON = {"TOKEN": "not-a-real-token", "FAR": "Asia/Tokyo"}
SCHEDULE = ScheduleKind()
A = Address("sales", "schedule", "recipe:A")
B = Address("sales", "schedule", "recipe:B")
FLAGS = Address("tailer", "configuration", "workflow:w")
DAILY: Values = {"frequency": "daily", "time": "01:00", "timezone": "UTC"}
WEEKLY: Values = {"frequency": "weekly", "days_of_week": ("Monday", "Friday"), "time": "02:30", "timezone": "UTC"}
MONTHLY: Values = {"frequency": "monthly", "days_of_month": (1, 15), "time": "02:30", "timezone": "UTC"}
NONE: Values = {"frequency": "none"}


@pytest.fixture
def editor(tmp_path: Path) -> Editor:
    (tmp_path / "reconcile.yaml").write_text(WORKSPACE, encoding="utf-8")
    return Editor(tmp_path, None, ENVIRON, providers())


def config(editor: Editor) -> Config:
    return load(editor.root, None, ENVIRON, providers(), editor.root, may_be_empty=True)


def schedule(address: Address = B, values: Values = DAILY, *comments: str) -> Entry:
    return entry_for(SCHEDULE, None, address, values, Variables(), *comments)


def flags() -> Entry:
    settings = providers()["tailer"].connection.model_validate(
        {"provider": "tailer", "account": "000099", "environment": "DEV", "auth": {"method": "token", "token": "x"}}
    )
    values: Values = {"activated": True, "archived": False}
    return entry_for(ConfigurationKind(), settings, FLAGS, values, Variables())


def put(editor: Editor, text: str, name: str = "a.yaml") -> Path:
    path = editor.root / name
    path.write_bytes(text.encode())
    return path


def added(editor: Editor, before: str, *entries: Entry) -> str:
    """Return a file's text with entries added, which must be valid and ask for them besides what it asked for."""
    path = put(editor, before)
    draft = into_file(editor, path, entries or (schedule(),))
    wanted = {
        entry.address: {"activated": True, "archived": False} if entry.address == FLAGS else DAILY
        for entry in entries or (schedule(),)
    }
    editor.check(config(editor), [draft], wanted)
    return draft.text


def taken(editor: Editor, before: str, live: Values, address: Address = A) -> str:
    """Return a file's text with a live value accepted, which must be valid and ask for that and all else as before."""
    put(editor, before)
    was = config(editor)
    desired = was.desired[address]
    wanted = Acceptance(SCHEDULE, desired, accepted_changes(SCHEDULE, desired.values, Live(address, live)))
    made = accepted(editor, [wanted])
    after = editor.check(was, made.drafts, {address: wanted.values})
    assert accepted_changes(SCHEDULE, after.desired[address].values, Live(address, live)) == {}
    return made.drafts[0].text


# -- adding ------------------------------------------------------------------------------------------------------------

ENTRY = """\
  - recipe: A
    frequency: daily
    time: "01:00"
    timezone: UTC
"""
NEW = ENTRY.replace("A", "B")


def test_a_new_file_is_tidy(editor: Editor) -> None:
    (draft,) = new_files(editor, [schedule(A, WEEKLY, "Label"), schedule()], editor.root)
    assert draft.path == editor.root / "sales.yaml"
    assert draft.text == (
        "connection: sales\n"
        "schedules:\n"
        "  - recipe: A                           # Label\n"
        "    frequency: weekly\n"
        "    days_of_week: [Monday, Friday]\n"
        '    time: "02:30"\n'
        "    timezone: UTC\n"
        "\n"
        f"{NEW}"
    )


def test_a_new_file_has_the_modeline_of_the_workspace(editor: Editor) -> None:
    put(editor, f"# yaml-language-server: $schema=../docs/s.json\n{WORKSPACE}", "reconcile.yaml")
    (draft,) = new_files(editor, [schedule()], editor.root / "deep")
    assert draft.text.startswith("# yaml-language-server: $schema=../../docs/s.json\nconnection: sales\n")
    put(editor, f"# yaml-language-server: $schema=https://x/s.json\n{WORKSPACE}", "reconcile.yaml")
    assert editor.modeline(editor.root / "deep").endswith("=https://x/s.json")


def test_there_is_one_new_file_for_each_connection(editor: Editor) -> None:
    other = schedule(Address("other", "schedule", "recipe:A"))
    drafts = new_files(editor, [schedule(), other, flags()], editor.root)
    assert [draft.path.name for draft in drafts] == ["other.yaml", "sales.yaml", "tailer.yaml"]


def test_one_file_for_several_connections_names_them_in_each_entry(editor: Editor) -> None:
    draft = into_file(editor, editor.root / "new.yaml", [schedule(), flags()])
    assert not draft.text.startswith("connection:")
    assert "    connection: sales\n" in draft.text
    assert "    connection: tailer\n" in draft.text
    editor.check(config(editor), [draft], {B: DAILY, FLAGS: {"activated": True, "archived": False}})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(f"connection: sales\nschedules:\n{ENTRY}", "{}\n{NEW}", id="at the end"),
        pytest.param(
            f"connection: sales\nschedules:\n{ENTRY}\n# below\nconfigurations: []\n",
            f"connection: sales\nschedules:\n{ENTRY}\n{NEW}\n# below\nconfigurations: []\n",
            id="before another section",
        ),
        pytest.param(
            f"connection: sales\nschedules:\n{ENTRY}    # of A\n# of nobody\n",
            f"connection: sales\nschedules:\n{ENTRY}    # of A\n\n{NEW}# of nobody\n",
            id="behind the comments of the last entry",
        ),
        pytest.param(
            f"connection: sales\nschedules:\n{ENTRY}{ENTRY.replace('A', 'C')}",
            f"{{}}{NEW}",
            id="close together as the others",
        ),
        pytest.param(f"connection: sales\nschedules:\n{ENTRY}".rstrip(), f"{{}}\n\n{NEW.rstrip()}", id="no last end"),
        pytest.param("connection: sales\nschedules: []\n", f"connection: sales\nschedules:\n{NEW}", id="empty list"),
        pytest.param(
            "connection: sales\nschedules: []   # none yet\n# end\n",
            f"connection: sales\nschedules:   # none yet\n{NEW}# end\n",
            id="empty list with a comment",
        ),
        pytest.param(
            "connection: sales\nconfigurations: []\n", f"{{}}\nschedules:\n{NEW}", id="a section that is not there"
        ),
        pytest.param(
            "connection: sales\nconfigurations: []", f"{{}}\n\nschedules:\n{NEW.rstrip()}", id="there, no last end"
        ),
        pytest.param(
            "---\nconnection: sales\nconfigurations: []\n...\n",
            f"---\nconnection: sales\nconfigurations: []\n\nschedules:\n{NEW}...\n",
            id="before the end of the document",
        ),
        pytest.param(
            "connection: sales\nschedules:\n- {recipe: A, frequency: none}   # c\n",
            '{}- {recipe: B, frequency: daily, time: "01:00", timezone: UTC}\n',
            id="short entries",
        ),
        pytest.param(
            'connection: sales\nschedules:\n  - {"recipe": "A", "frequency": "none"}\n',
            '{}  - {"recipe": "B", "frequency": "daily", "time": "01:00", "timezone": "UTC"}\n',
            id="entries of JSON",
        ),
        pytest.param(
            "connection: sales\nschedules: [{recipe: A, frequency: none}] # c\n",
            "connection: sales\nschedules: [{recipe: A, frequency: none}, "
            '{recipe: B, frequency: daily, time: "01:00", timezone: UTC}] # c\n',
            id="a list in brackets",
        ),
        pytest.param(
            "connection: sales\nschedules: [\n  {recipe: A, frequency: none},  # c\n]\n",
            "connection: sales\nschedules: [\n  {recipe: A, frequency: none},\n"
            '  {recipe: B, frequency: daily, time: "01:00", timezone: UTC},  # c\n]\n',
            id="a list in brackets, line by line",
        ),
        pytest.param(
            '{"connection": "sales", "schedules": []}',
            '{"connection": "sales", "schedules": '
            '[{"recipe": "B", "frequency": "daily", "time": "01:00", "timezone": "UTC"}]}',
            id="JSON",
        ),
        pytest.param(
            '{"connection": "sales", "configurations": [] }\n',
            '{"connection": "sales", "configurations": [], "schedules": '
            '[{"recipe": "B", "frequency": "daily", "time": "01:00", "timezone": "UTC"}] }\n',
            id="JSON without the section",
        ),
        pytest.param(
            "connection: sales\nschedules:\n-   recipe: A\n    frequency: none\n",
            '{}\n-   recipe: B\n    frequency: daily\n    time: "01:00"\n    timezone: UTC\n',
            id="own indentation",
        ),
        pytest.param(
            "connection: ${var.where}\nschedules:\n  - recipe: A\n    frequency: none\n",
            f"{{}}\n{NEW}",
            id="a connection from a variable",
        ),
        pytest.param(
            "connection: tailer\nschedules:\n  - recipe: A\n    frequency: none\n    connection: sales\n",
            f"{{}}\n{NEW}    connection: sales\n",
            id="another connection",
        ),
        pytest.param(
            "connection: sales\nconfigurations:\n    - {type: workflow, id: x, activated: true, archived: true, "
            "connection: tailer}\n".replace("archived: true", "archived: false"),
            f"{{}}\nschedules:\n{NEW}",
            id="the section has its own style when another is short",
        ),
        pytest.param(
            "connection: sales\nschedules:\n  - &a\n    recipe: A\n    frequency: none\n",
            f"{{}}\n{NEW}",
            id="an entry with an anchor",
        ),
    ],
)
def test_entries_are_added(editor: Editor, before: str, after: str) -> None:
    assert added(editor, before) == (after.replace("{}", before, 1) if after.startswith("{}") else after).replace(
        "{NEW}", NEW
    )


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_line_ends_and_byte_order_marks_stay(editor: Editor, end: str) -> None:
    text = f"connection: sales\nschedules:\n{ENTRY}".replace("\n", end)
    assert added(editor, text) == (f"connection: sales\nschedules:\n{ENTRY}\n{NEW}").replace("\n", end)


def test_several_sections_are_added_at_once(editor: Editor) -> None:
    text = added(editor, f"connection: sales\nschedules:\n{ENTRY}", schedule(), flags())
    assert text.endswith(
        f"{ENTRY}\n{NEW}\nconfigurations:\n  - type: workflow\n    id: w\n    activated: true\n    archived: false\n"
        "    connection: tailer\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "connection: sales\nschedules: &all\n  - recipe: A\n    frequency: none\n",
        "connection: sales\nschedules:\n  -\n    recipe: A\n    frequency: none\n",
    ],
)
def test_what_is_written_in_an_odd_way_is_left_to_people(editor: Editor, text: str) -> None:
    with pytest.raises(CannotEdit) as raised:
        added(editor, text)
    assert raised.value.diagnostics[0].span
    assert (editor.root / "a.yaml").read_text(encoding="utf-8") == text


# -- accepting ---------------------------------------------------------------------------------------------------------

HAND_MADE = """\
# head
connection: sales
schedules:
  # of A
  - recipe: A              # a label
    frequency: weekly
    days_of_week: [Monday, Thursday]   # the days
    time: '00:45'          # the time
    timezone: ${var.zone}  # the zone
    protect: true
    # end of A

  - recipe: B
    frequency: none
"""


def test_one_value_is_replaced_and_nothing_else(editor: Editor) -> None:
    live = {**WEEKLY, "days_of_week": ("Monday", "Thursday"), "timezone": "America/Los_Angeles"}
    assert taken(editor, HAND_MADE, live) == HAND_MADE.replace("'00:45'", "'02:30'")


def test_another_shape_takes_the_place_of_the_old_one(editor: Editor) -> None:
    assert taken(editor, HAND_MADE, {**MONTHLY, "timezone": "America/Los_Angeles"}) == HAND_MADE.replace(
        "    frequency: weekly\n    days_of_week: [Monday, Thursday]   # the days\n",
        "    frequency: monthly\n    days_of_month: [1, 15]\n",
    ).replace("'00:45'", "'02:30'")


def test_a_schedule_that_was_deleted_becomes_none(editor: Editor) -> None:
    text = taken(editor, HAND_MADE, NONE)
    assert "  - recipe: A              # a label\n    frequency: none\n    protect: true\n    # end of A\n" in text


def test_a_schedule_that_came_about_is_written_whole(editor: Editor) -> None:
    text = taken(editor, HAND_MADE, DAILY, B)
    assert text == HAND_MADE.replace("frequency: none", 'frequency: daily\n    time: "01:00"\n    timezone: UTC')


def test_a_reference_makes_way_when_its_value_is_another(editor: Editor) -> None:
    put(editor, HAND_MADE)
    desired = config(editor).desired[A]
    changes = accepted_changes(SCHEDULE, desired.values, Live(A, {**desired.values, "timezone": "UTC"}))
    made = accepted(editor, [Acceptance(SCHEDULE, desired, changes)])
    assert made.replaced == {A: {"timezone": "${var.zone}"}}
    assert made.drafts[0].text == HAND_MADE.replace("${var.zone}", "UTC")


@pytest.mark.parametrize("reference", ["${env.FAR}", "${var.far}"])
def test_a_value_of_the_environment_is_left_to_people(editor: Editor, reference: str) -> None:
    text = HAND_MADE.replace("${var.zone}", reference)
    with pytest.raises(CannotEdit, match="comes from the environment") as raised:
        taken(editor, text, WEEKLY)
    assert reference in str(raised.value)
    assert "Asia/Tokyo" not in str(raised.value)
    # Where it already has the live value there is nothing to change.
    live = {**WEEKLY, "timezone": "Asia/Tokyo"}
    assert reference in taken(editor, text, live)


def test_a_list_with_an_item_a_line_keeps_its_lines(editor: Editor) -> None:
    before = HAND_MADE.replace(
        "days_of_week: [Monday, Thursday]   # the days",
        "days_of_week:\n    # all\n    - Monday   # one\n    # the second\n    - 'Thursday'   # two",
    )
    live: Values = {**WEEKLY, "days_of_week": ("Sunday", "Thursday", "Friday"), "timezone": "America/Los_Angeles"}
    text = taken(editor, before, live)
    days = "    # all\n    - Sunday\n    # the second\n    - 'Thursday'   # two\n    - Friday\n"
    assert f"    days_of_week:\n{days}    time:" in text


@pytest.mark.parametrize(
    ("before", "live", "after"),
    [
        pytest.param(
            "{recipe: A, frequency: weekly, days_of_week: [Monday, Friday], time: '02:30', timezone: UTC}  # c",
            DAILY,
            "{recipe: A, frequency: daily, time: '01:00', timezone: UTC}  # c",
            id="short",
        ),
        pytest.param(
            '{"recipe": "A", "frequency": "daily", "time": "01:00"}',
            WEEKLY,
            '{"recipe": "A", "frequency": "weekly", "days_of_week": ["Monday", "Friday"], "time": "02:30", '
            '"timezone": "UTC"}',
            id="JSON",
        ),
        pytest.param(
            "{days_of_week: [Monday], frequency: weekly, recipe: A, time: '02:30', timezone: UTC}",
            NONE,
            "{frequency: none, recipe: A}",
            id="the first goes",
        ),
        pytest.param(
            "days_of_week: [Monday]\n    frequency: weekly\n    recipe: A\n    time: '02:30'\n    timezone: UTC",
            NONE,
            "frequency: none\n    recipe: A",
            id="the one behind the dash goes",
        ),
        pytest.param(
            "time: '02:30'\n    days_of_week: [Monday]\n    frequency: weekly\n    recipe: A\n    timezone: UTC",
            NONE,
            "frequency: none\n    recipe: A",
            id="the two behind the dash go",
        ),
        pytest.param(
            "recipe: A\n    frequency: weekly\n    days_of_week: [\n      Monday,  # one\n    ]\n    time: '02:30'\n"
            "    timezone: UTC",
            {**WEEKLY, "days_of_week": ("Friday",)},
            "recipe: A\n    frequency: weekly\n    days_of_week: [Friday]\n    time: '02:30'\n    timezone: UTC",
            id="a list in brackets over several lines",
        ),
        pytest.param(
            "recipe: A\n    frequency: eventdriven\n    trigger_rule: >-\n      $ALL\n\n    protect: true",
            {"frequency": "eventdriven", "trigger_rule": "x: y"},
            'recipe: A\n    frequency: eventdriven\n    trigger_rule: "x: y"\n\n    protect: true',
            id="a folded text",
        ),
        pytest.param(
            "&a\n    recipe: A\n    frequency: daily\n    time: '01:00'\n    timezone: UTC",
            {**DAILY, "time": "05:00"},
            "&a\n    recipe: A\n    frequency: daily\n    time: '05:00'\n    timezone: UTC",
            id="an entry with an anchor",
        ),
        pytest.param(
            "recipe: A\n    frequency: daily\n    time: &t '01:00'\n    timezone: UTC",
            {**DAILY, "time": "05:00"},
            'recipe: A\n    frequency: daily\n    time: "05:00"\n    timezone: UTC',
            id="an anchor that nobody uses",
        ),
    ],
)
def test_entries_in_other_styles(editor: Editor, before: str, live: Values, after: str) -> None:
    text = f"connection: sales\nschedules:\n  - {before}\n  - recipe: B\n    frequency: none\n"
    assert taken(editor, text, live) == text.replace(before, after)


MERGED = """\
connection: sales
schedules:
  - &base
    recipe: A
    frequency: weekly
    days_of_week: &days [Monday]
    time: "02:30"
    timezone: UTC
  - <<: *base
    recipe: B
  - recipe: C
    frequency: weekly
    days_of_week: *days
    time: "02:30"
    timezone: UTC
"""


def test_a_value_taken_over_with_a_merge_key_is_said_anew(editor: Editor) -> None:
    live: Values = {**WEEKLY, "days_of_week": ("Monday",), "time": "03:00"}
    assert taken(editor, MERGED, live, B) == MERGED.replace("    recipe: B\n", '    recipe: B\n    time: "03:00"\n')


def test_a_value_that_is_an_alias_is_said_anew(editor: Editor) -> None:
    c = Address("sales", "schedule", "recipe:C")
    assert taken(editor, MERGED, WEEKLY, c) == MERGED.replace("*days", "[Monday, Friday]")


@pytest.mark.parametrize(
    ("address", "live"),
    [
        pytest.param(A, {**WEEKLY, "days_of_week": ("Monday",), "time": "03:00"}, id="others merge it"),
        pytest.param(A, WEEKLY, id="others have an alias of it"),
        pytest.param(B, DAILY, id="a field that came with a merge key cannot go"),
    ],
)
def test_what_others_depend_on_is_left_to_people(editor: Editor, address: Address, live: Values) -> None:
    with pytest.raises(CannotEdit):
        taken(editor, MERGED, live, address)


# -- the ground it stands on -------------------------------------------------------------------------------------------


def test_edits_at_one_place_keep_their_order() -> None:
    text = Text("abc", "f")
    assert spliced(text, [Edit(1, 2, "X"), Edit(1, 1, "1"), Edit(1, 1, "2"), Edit(3, 3, "!")]) == "a12Xc!"


def test_overlapping_edits_are_a_defect() -> None:
    with pytest.raises(AssertionError):
        spliced(Text("abc", "f"), [Edit(0, 2), Edit(1, 3)])


def test_an_edit_that_would_ask_for_something_else_is_refused(editor: Editor) -> None:
    path = put(editor, HAND_MADE)
    draft = into_file(editor, path, [schedule(Address("sales", "schedule", "recipe:N"))])
    with pytest.raises(CannotEdit, match="would come out as something else"):
        editor.check(config(editor), [draft], {})
    with pytest.raises(CannotEdit, match="would be wrong"):
        editor.check(config(editor), [into_file(editor, path, [schedule(A)])], {A: DAILY})


@pytest.mark.parametrize("name", ["reconcile.yaml", ".hidden.yaml", "folder/.git/a.yaml", "a.json", "../a.yaml"])
def test_a_file_that_no_command_reads_is_refused(editor: Editor, name: str) -> None:
    put(editor, HAND_MADE, "sales.yaml")
    with pytest.raises(ConfigError) as raised:
        editor.located(editor.root / name)
    assert raised.value.diagnostics[0].code == "not-read"
    with pytest.raises(ConfigError, match="no desired-state file of the workspace") as raised:
        editor.located(editor.root.parent / "sales.yaml")
    assert str(editor.root / "sales.yaml") in raised.value.diagnostics[0].hint


def test_a_file_is_found_whatever_way_leads_to_it(editor: Editor, tmp_path: Path) -> None:
    path = put(editor, HAND_MADE)
    link = tmp_path.parent / f"{tmp_path.name}-link"
    link.symlink_to(tmp_path, target_is_directory=True)
    assert editor.located(link / "a.yaml") == path
    assert editor.located(tmp_path / "x" / ".." / "a.yaml") == path


def test_variables_of_one_text_each_are_put_back(editor: Editor) -> None:
    variables = Variables({"UTC": ("utc",), "daily": ("how",), "A": ("name",), "01:00": ("one", "uno")})
    keys = dict(entry_for(SCHEDULE, None, A, DAILY, variables).keys)
    assert {name: str(value) for name, value in keys.items()} == {
        "recipe": "${var.name}",
        "frequency": "daily",
        "time": "01:00",
        "timezone": "${var.utc}",
    }
    assert editor.variables().by_text == {
        "America/Los_Angeles": ("zone",),
        "Asia/Tokyo": ("far",),
        "sales": ("where",),
    }


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"frequency": "quarterly", "time": "01:00"}, "quarterly"),
        ({"frequency": "daily"}, "time"),
        ({"frequency": "daily", "time": "01:00", "timezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"frequency": "weekly", "days_of_week": ("Someday",), "time": "01:00"}, "days_of_week"),
    ],
)
def test_what_no_entry_can_say_has_a_reason(values: Values, reason: str) -> None:
    with pytest.raises(Unwritable, match=reason):
        entry_for(SCHEDULE, None, A, values, Variables())
