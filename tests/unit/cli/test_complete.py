"""What shells are told when somebody presses TAB: over the protocol of all three, and in those that are here."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import click
import pytest

from reconcile.cli.complete import SHELLS, answer, script
from reconcile.cli.main import COMMANDS, cli

WORKSPACE = """\
version: 1
connections:
  sales:
    provider: crm_analytics
    instance_url: ${env.NOT_SET}
    auth: {method: access_token, access_token: "${env.NOT_SET_EITHER}"}
environments: {dev: {}, prod: {}}
"""
SCHEDULES = """\
connection: sales
schedules:
  - {recipe: Board_Pack, frequency: none}
  - {recipe: "a b, c", frequency: none}
  - {recipe: "it's $5", frequency: none}
pipelines:
  refresh: {steps: {}}
"""
BOARD = "sales/schedule/recipe:Board_Pack"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in ("RECONCILE_WORKSPACE", "RECONCILE_ENV", "COMP_LINE", "COMP_BREAKS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def write(folder: Path) -> None:
    (folder / "reconcile.yaml").write_text(WORKSPACE)
    (folder / "sales.yaml").write_text(SCHEDULES)
    (folder / ".reconcile" / "default" / "runs" / "run-1").mkdir(parents=True)
    state = folder / ".reconcile" / "default" / "state"
    state.mkdir()
    (state / "00000001.json").write_text('{"apply": {"id": "0123456789ab", "applied_at": "2026", "by": "ada"}}')


def bash(monkeypatch: pytest.MonkeyPatch, line: str, breaks: str = " \t\n\"'><=;|&(:") -> list[str]:
    """Return what bash is told for a line whose end is where the cursor stands."""
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("COMP_BREAKS", breaks)
    return [each.removeprefix("plain,") for each in answer(cli, "bash_complete").splitlines()]


def words(monkeypatch: pytest.MonkeyPatch, shell: str, line: str) -> list[str]:
    """Return the values that zsh or fish is told."""
    *_, last = ["", *line.split(" ")]
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1) if shell == "zsh" else last)
    lines = answer(cli, f"{shell}_complete").splitlines()
    if shell == "zsh":
        return [value.replace("\\:", ":") for value in lines[1::3]]
    return [each.removeprefix("plain,").split("\t")[0] for each in lines]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_zsh_and_fish_are_told_values_as_they_are(root: Path, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    found = words(monkeypatch, shell, "reconcile plan --select sales/")
    assert found == [BOARD, "sales/schedule/recipe:a b, c", "sales/schedule/recipe:it's $5"]
    assert words(monkeypatch, shell, "reconcile --env ") == ["dev", "prod", "default"]
    assert words(monkeypatch, shell, "reconcile run ") == ["refresh"]
    assert "validate" in words(monkeypatch, shell, "reconcile va")


def test_bash_is_told_what_stands_behind_the_last_break(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bash(monkeypatch, "reconcile plan --select sales/schedule/recipe:B") == ["Board_Pack"]
    assert bash(monkeypatch, "reconcile plan --select=sales/schedule/recipe:B") == ["Board_Pack"]
    assert bash(monkeypatch, "reconcile plan --select sales/schedule/recipe:B", breaks=" \t\n") == [BOARD]
    assert bash(monkeypatch, "reconcile plan --select=sales/schedule/recipe:B", breaks=" \t\n") == [f"--select={BOARD}"]


def test_bash_gets_special_characters_quoted(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bash(monkeypatch, "reconcile plan --select sales/schedule/recipe:a") == [r"a\ b,\ c"]
    assert bash(monkeypatch, "reconcile plan --select sales/schedule/recipe:i") == [r"it\'s\ \$5"]
    assert bash(monkeypatch, r"reconcile plan --select sales/schedule/recipe:a\ b") == [r"a\ b,\ c"]
    assert bash(monkeypatch, 'reconcile plan --select "sales/schedule/recipe:a b') == ["sales/schedule/recipe:a b, c"]


@pytest.mark.parametrize(("quote", "name"), [('"', r"it's \$5"), ("'", r"it'\''s $5")])
def test_between_quotes_a_name_stays_a_name(root: Path, monkeypatch: pytest.MonkeyPatch, quote: str, name: str) -> None:
    line = f"reconcile plan --select {quote}sales/schedule/recipe:i"
    assert bash(monkeypatch, line) == [f"sales/schedule/recipe:{name}"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("accept sales/schedule/recipe:Bo", ["Board_Pack"]),
        (f"accept {BOARD} sales/schedule/recipe:Bo", []),
        ("explain sales/schedule/recipe:Bo", ["Board_Pack"]),
        ("state forget sales/schedule/recipe:Bo", ["Board_Pack"]),
        ("plan --exclude sales/schedule/recipe:Bo", ["Board_Pack"]),
        ("--exclude sales/schedule/recipe:Bo", ["Board_Pack"]),
        ("plan --env p", ["prod"]),
        ("run r", ["refresh"]),
        ("resume ", ["run-1"]),
        ("stop run", ["run-1"]),
        ("runs ", ["run-1"]),
        ("undo 0", ["0123456789ab"]),
        ("history show la", ["latest"]),
        ("apply --allow-account s", ["sales"]),
        ("jobs list --connection ", ["sales"]),
        ("calendar --zone Europe/Par", ["Europe/Paris"]),
        ("plan --format mark", ["markdown"]),
        ("completion b", ["bash"]),
        ("doctor --pro", ["--probe"]),
        ("history sh", ["show"]),
        ("nonsense --se", []),
        ("plan --select 'open quote", []),
    ],
)
def test_values_by_place(root: Path, monkeypatch: pytest.MonkeyPatch, line: str, expected: list[str]) -> None:
    assert bash(monkeypatch, f"reconcile {line}") == expected


def test_what_stands_on_the_line_counts(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other place"
    (other / "desired_state").mkdir(parents=True)
    write(other / "desired_state")
    (other / "desired_state" / ".reconcile" / "prod" / "runs" / "in-prod").mkdir(parents=True)
    monkeypatch.chdir(tmp_path.parent)
    where = f"reconcile -C '{other}/desired_state'"
    assert bash(monkeypatch, f"{where} run ") == ["refresh"]
    assert bash(monkeypatch, f"{where} --env prod resume ") == ["in-prod"]
    monkeypatch.setenv("RECONCILE_WORKSPACE", str(other / "desired_state"))
    monkeypatch.setenv("RECONCILE_ENV", "prod")
    assert bash(monkeypatch, "reconcile stop ") == ["in-prod"]


def test_without_a_workspace_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RECONCILE_WORKSPACE", raising=False)
    assert bash(monkeypatch, "reconcile plan --select s") == []
    assert bash(monkeypatch, "reconcile undo ") == []


@pytest.mark.parametrize("instruction", ["", "bash", "bash_", "ksh_complete", "bash_other", "fish_complete"])
def test_a_question_that_makes_no_sense_has_no_answer(monkeypatch: pytest.MonkeyPatch, instruction: str) -> None:
    for name in ("COMP_WORDS", "COMP_CWORD", "COMP_LINE"):
        monkeypatch.delenv(name, raising=False)
    assert answer(cli, instruction) == ""


def spawned(environment: Mapping[str, str], folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    code = "import sys; from reconcile.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        env={**kept, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("line", "unwanted"),
    [
        ("reconcile pl", {"pydantic", "httpx", "yaml", "obstore", "reconcile.cli.plan"}),
        ("reconcile plan --select sales/", {"pydantic", "httpx", "obstore", "deepdiff"}),
        ("reconcile undo ", {"pydantic", "httpx", "obstore", "deepdiff"}),
    ],
)
def test_it_loads_little(root: Path, line: str, unwanted: set[str]) -> None:
    asked = {"COMP_LINE": line, "_RECONCILE_COMPLETE": "bash_complete"}
    found = spawned(asked, root, "-X", "importtime")
    assert found.stdout
    loaded = {each.rpartition("|")[2].strip() for each in found.stderr.splitlines()}
    assert not loaded & unwanted


def test_the_executable_answers_and_says_nothing_else(root: Path) -> None:
    found = spawned({"COMP_LINE": "reconcile plan --select s", "_RECONCILE_COMPLETE": "bash_complete"}, root)
    assert (found.returncode, found.stderr) == (0, "")
    assert len(found.stdout.splitlines()) == 3
    (root / "reconcile.yaml").write_text("connections: [")
    found = spawned({"COMP_LINE": "reconcile plan --select s", "_RECONCILE_COMPLETE": "bash_complete"}, root)
    assert (found.returncode, found.stderr, found.stdout.strip()) == (0, "", "")


def test_every_command_that_takes_an_address_or_an_id_completes_it() -> None:
    context = click.Context(cli)
    wanted = {"address", "addresses", "run", "apply", "pipeline"}
    own = {("tailer", "run")}  # a run of Tailer's, not one of ours
    for name in COMMANDS:
        command = cli.get_command(context, name)
        every = command.commands.values() if isinstance(command, click.Group) else [command]
        for each in every:
            assert each is not None
            for parameter in each.params:
                if (
                    parameter.name in wanted
                    and isinstance(parameter, click.Argument)
                    and (name, parameter.name) not in own
                ):
                    assert parameter.shell_complete.__func__ is click.Parameter.shell_complete  # type: ignore[attr-defined]
                    assert parameter._custom_shell_complete is not None, (name, parameter.name)


# -- real shells -------------------------------------------------------------------------------------------------------


def shell(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on this machine")
    return found


@pytest.fixture
def program(tmp_path: Path) -> dict[str, str]:
    """The environment of a shell that finds ``reconcile``."""
    folder = tmp_path / "bin"
    folder.mkdir()
    path = folder / "reconcile"
    path.write_text(f"#!{sys.executable}\nfrom reconcile.cli.main import main\nmain()\n")
    path.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(tmp_path), "TERM": "dumb", "PS1": "READY> "}


def test_the_script_is_right_for_bash(root: Path, program: dict[str, str]) -> None:
    code = """
        eval "$(reconcile completion bash)"
        complete -p reconcile
        COMP_LINE='reconcile plan --select sales/schedule/recipe:a --format text'
        COMP_POINT=47
        _reconcile_completion reconcile
        printf '<%s>\\n' "${COMPREPLY[@]}"
    """
    found = subprocess.run(
        [shell("bash"), "--norc", "--noprofile", "-c", code],
        env=program,
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert found.stdout.splitlines() == [
        "complete -F _reconcile_completion reconcile",
        r"<a\ b,\ c>",
    ]


class Typist:
    """Somebody who types into an interactive shell."""

    def __init__(self, argv: list[str], environment: dict[str, str], folder: Path) -> None:
        import fcntl
        import pty
        import struct
        import termios

        self.fd, other = pty.openpty()
        # Wide enough that no line is broken.
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 500, 0, 0))
        self.process = subprocess.Popen(
            argv, stdin=other, stdout=other, stderr=other, env=environment, cwd=folder, start_new_session=True
        )
        os.close(other)

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def wait_for(self, text: str) -> str:
        """Read until ``text`` was shown."""
        shown, end = "", time.monotonic() + 60
        while text not in shown:
            assert time.monotonic() < end, shown
            if select.select([self.fd], [], [], 0.1)[0]:
                shown += os.read(self.fd, 65_536).decode(errors="replace")
        return shown

    def leave(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.fd)


def test_typing_in_bash(root: Path, program: dict[str, str]) -> None:
    typist = Typist([shell("bash"), "--norc", "--noprofile", "-i"], program, root)
    try:
        typist.wait_for("READY> ")
        typist.type('eval "$(reconcile completion bash)"; echo DO""NE\n')
        typist.wait_for("DONE")
        typist.type("true && RECONCILE_ENV=dev reconcile plan --select sales/schedule/recipe:Bo\t")
        typist.wait_for("recipe:Board_Pack ")
        typist.type("--exclude=sales/schedule/recipe:a\t")
        typist.wait_for(r"recipe:a\ b,\ c ")
        typist.type("--env pr\t")
        typist.wait_for("--env prod ")
    finally:
        typist.leave()


def test_the_script_is_right_for_zsh(root: Path, program: dict[str, str]) -> None:
    code = 'autoload -U compinit; compinit -u; eval "$(reconcile completion zsh)"; print $_comps[reconcile]'
    found = subprocess.run(
        [shell("zsh"), "-f", "-c", code], env=program, cwd=root, capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.strip() == "_reconcile_completion"


def test_the_script_is_right_for_fish(root: Path, program: dict[str, str]) -> None:
    code = 'reconcile completion fish | source; complete -C "reconcile plan --select sales/"'
    found = subprocess.run(
        [shell("fish"), "-N", "-c", code], env=program, cwd=root, capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.splitlines() == [BOARD, "sales/schedule/recipe:a b, c", "sales/schedule/recipe:it's $5"]


def test_a_script_is_a_script_whatever_the_format(root: Path, program: dict[str, str]) -> None:
    found = subprocess.run(
        ["reconcile", "completion", "bash"],
        env={**program, "RECONCILE_FORMAT": "json"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert found.stdout.startswith("_reconcile_completion() {")


@pytest.mark.parametrize("name", SHELLS)
def test_each_shell_has_a_script(name: str) -> None:
    text = script(name, cli)
    assert "_RECONCILE_COMPLETE" in text
    assert "reconcile" in text
    assert answer(cli, f"{name}_source").strip() == text.strip()
