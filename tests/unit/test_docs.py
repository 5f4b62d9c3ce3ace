"""The documentation says what the program does: every command, option, field, switch, exit code and error code."""

from __future__ import annotations

import json
import re
import shlex
import urllib.request
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from pydantic import BaseModel, TypeAdapter

from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.main import COMMANDS, cli
from reconcile.config.load import Config, load
from reconcile.config.model import Common, Environment, MaxDeletes, StepOptions, Workspace
from reconcile.providers.registry import BUILT_IN, providers
from reconcile.sandbox import Sandbox, Server, environment
from reconcile.sandbox.admin import _ENDPOINTS
from reconcile.sandbox.fault import KINDS, Fault
from reconcile.sandbox.switch import SWITCHES, Switch

ROOT = Path(__file__).parents[2]
PAGES = (
    "files",
    "adopting",
    "state",
    "alerts",
    "freezes",
    "calendar",
    "undo",
    "commands",
    "shell",
    "safety",
    "platforms",
    "ci",
    "fleet",
    "watch",
    "embedding",
    "sandbox",
)

# Names in backticks that look like error codes and are none.
NO_CODES = frozenset(
    {"table-to-table", "gbq-to-gbq", "storage-to-storage", "storage-to-tables", "table-to-storage"}
    | {"api-to-storage", "file-utilities", "vm-launcher", "xml-conversion"}
)

# One made for each sort of state file: `state-damaged`, `lock-too-new`, ...
FAMILY_CODE = re.compile(r"(state|lock|journal|run|plan)-(damaged|too-new)")


@cache
def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """Return what stands below a heading, up to the next one of its level or above."""
    level = heading.split(" ")[0]
    found = re.search(rf"^{re.escape(heading)}$(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no heading {heading!r}"
    return found[1]


def in_backticks(text: str) -> set[str]:
    """Return the words between backticks, outside blocks of code."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return set(re.findall(r"`([^`\n]+)`", prose))


# -- commands ----------------------------------------------------------------------------------------------------------


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {below}", each) for below, each in command.commands.items())


def common_options() -> set[str]:
    return {
        name for each in cli.params if isinstance(each, click.Option) for name in (*each.opts, *each.secondary_opts)
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_section_and_a_place_in_the_table(name: str) -> None:
    assert section(page("commands"), f"## {name}").strip()
    assert f"](#{name})" in page("commands")


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_option_of_a_command_is_in_its_section(name: str) -> None:
    command = dict(commands())[name]
    text = section(page("commands"), f"## {name.split()[0]}")
    assert name in page("commands")
    own = {option for each in command.params if isinstance(each, click.Option) for option in each.opts}
    missing = {option for option in own - common_options() if not re.search(rf"`{re.escape(option)}[ `]", text)}
    assert not missing


def test_every_common_option_is_in_their_section_with_its_variable() -> None:
    text = section(page("commands"), "## Common options")
    for each in cli.params:
        if isinstance(each, click.Option):
            assert all(f"{option}" in text for option in each.opts), each.name
            assert not each.envvar or f"`{each.envvar}`" in text


def test_no_option_is_documented_that_no_command_has() -> None:
    real = common_options() | {"--help"}
    for _, command in commands():
        real |= {option for each in command.params for option in each.opts}
    written = set(re.findall(r"`(--[a-z][a-z-]+)", page("commands")))
    assert written <= real


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_is_documented(code: ExitCode) -> None:
    row = f"| {code.value} |"
    assert row in section(page("commands"), "## Exit codes")
    # The overview leaves out the two that only pipelines will have.
    if code not in (ExitCode.RUN_FAILED, ExitCode.STOPPED_WATCHING):
        assert row in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("heading", ["plan", "apply", "drift", "validate", "calendar", "doctor", "explain", "error"])
def test_every_field_of_a_json_document_is_documented(heading: str) -> None:
    from reconcile.render import json as documents
    from reconcile.render import result

    text = section(page("commands"), "## JSON")
    assert f"`reconcile.{heading}/1`" in text
    formats = {documents.PLAN_FORMAT, documents.DRIFT_FORMAT, documents.ERROR_FORMAT, result.APPLY_FORMAT}
    assert all(f"`{each}`" in text for each in formats)


def test_the_fields_of_plans_and_results_are_documented() -> None:
    source = ROOT / "src/reconcile/render"
    text = section(page("commands"), "## JSON")
    words = in_backticks(text)
    for name in (
        "json.py",
        "doctor.py",
        "explain_json.py",
        "result.py",
        "calendar_json.py",
        "effect.py",
        "outlook.py",
        "allowed.py",
    ):
        code = (source / name).read_text(encoding="utf-8")
        keys = set(re.findall(r'^\s+"([a-z_]+)":', code, re.MULTILINE)) | set(
            re.findall(r'document\["([a-z_]+)"\]', code)
        )
        keys -= {"done", "failed", "refused", "unknown", "skipped"}
        assert keys <= words, keys - words


def test_every_finding_is_documented() -> None:
    from reconcile.core.lint import LINTS

    assert set(LINTS) <= in_backticks(section(page("effect"), "## Findings"))


def test_what_a_saved_plan_has_besides_is_documented() -> None:
    from reconcile.state.plan_file import PlanDocument

    assert set(PlanDocument.model_fields) <= in_backticks(section(page("commands"), "## JSON"))


def test_every_word_of_a_calendar_is_documented() -> None:
    from reconcile.core.occurrence import Assumption, Reason, Silence
    from reconcile.core.timing import Frequency

    words = in_backticks(section(page("commands"), "## JSON"))
    assert {*Assumption, *Reason, *Silence, *Frequency} <= words


def test_the_calendar_of_the_example_is_as_shown(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    from reconcile.cli.main import run

    for name, value in environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(ROOT)
    for name in ("calendar", "commands"):
        block = r"^```\n\$ (reconcile calendar [^\n]*)\n(.*?)^```"
        ((line, expected),) = re.findall(block, page(name), re.MULTILINE | re.DOTALL)
        arguments = shlex.split(line)[1:]
        moment = () if "--from" in arguments else ("--from", "2026-11-23T09:20", "--zone", "America/Los_Angeles")
        assert run([*arguments, *moment]) == 0
        assert capsys.readouterr().out == expected


# -- files -------------------------------------------------------------------------------------------------------------


def models(type_: Any) -> Iterator[type[BaseModel]]:
    """Yield every model in a type: itself, members of unions, and what its fields hold."""
    schema = TypeAdapter(type_).core_schema
    seen: set[int] = set()
    waiting: list[Any] = [schema]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, dict):
            if part.get("type") == "model":
                yield part["cls"]
            waiting.extend(part.values())
        elif isinstance(part, list | tuple):
            waiting.extend(part)


def documented_types() -> Iterator[tuple[str, Any]]:
    yield from ((each.__name__, each) for each in (Workspace, Environment, MaxDeletes, Common, StepOptions))
    for name in BUILT_IN:
        provider = providers()[name]
        yield f"{name} connection", provider.connection
        yield from ((f"{name} {kind.section}", kind.entry) for kind in provider.kinds)
        yield from ((name, operation.entry) for name, operation in provider.operations.items())


@pytest.mark.parametrize("name", [name for name, _ in documented_types()])
def test_every_field_is_documented(name: str) -> None:
    words = in_backticks(page("files"))
    shapes = models(dict(documented_types())[name])
    found = {field.alias or name for model in shapes for name, field in model.model_fields.items()}
    missing = found - words
    assert found
    assert not missing


def choices(type_: Any) -> Iterator[str]:
    """Yield every word that a file may have to choose from."""
    schema = TypeAdapter(type_).json_schema()
    waiting: list[Any] = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield from (word for word in part.get("enum", ()) if isinstance(word, str))
            yield from (word for word in [part.get("const")] if isinstance(word, str))
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


@pytest.mark.parametrize("name", [name for name, _ in documented_types()])
def test_every_choice_is_documented(name: str) -> None:
    text = page("files") + page("effect")
    missing = {word for word in choices(dict(documented_types())[name]) if word not in text}
    assert not missing


@pytest.mark.parametrize("section_name", [kind.section for name in BUILT_IN for kind in providers()[name].kinds])
def test_every_section_and_operation_is_documented(section_name: str) -> None:
    assert f"`{section_name}`" in page("files")
    operations = {operation for name in BUILT_IN for operation in providers()[name].operations}
    assert operations <= in_backticks(page("files"))


def complete_snippets() -> list[str]:
    return re.findall(r"<!-- complete -->\n```yaml\n(.*?)^```", page("files"), re.MULTILINE | re.DOTALL)


WORKSPACE = next(snippet for snippet in complete_snippets() if "\nversion: 1\n" in snippet)
ENVIRON = {name: f"value-of-{name}" for name in re.findall(r"\$\{env\.(\w+)\}", page("files"))} | {
    "SF_INSTANCE_URL": "https://acme.my.salesforce.com"
}


def loaded(folder: Path, snippet: str, environment: str | None = None) -> Config:
    is_workspace = re.search(r"^version: 1$", snippet, re.MULTILINE)
    (folder / "reconcile.yaml").write_text(snippet if is_workspace else WORKSPACE, encoding="utf-8")
    (folder / "desired.yaml").write_text("schedules: []\n" if is_workspace else snippet, encoding="utf-8")
    return load(folder, environment, ENVIRON, providers(), here=folder)


def test_there_are_snippets() -> None:
    assert len(complete_snippets()) >= 5


@pytest.mark.parametrize("snippet", complete_snippets(), ids=lambda text: text.split("\n")[1].strip(" :"))
def test_a_complete_snippet_is_valid(snippet: str, tmp_path: Path) -> None:
    found = [f"{each.span}: {each.detail}" for each in loaded(tmp_path, snippet).diagnostics]
    assert found == []


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_environments_of_the_first_snippet_are_valid(environment: str, tmp_path: Path) -> None:
    assert loaded(tmp_path, WORKSPACE, environment).environment == environment


def test_every_frequency_and_every_auth_method_has_a_snippet() -> None:
    written = "\n".join(complete_snippets())
    entries = {word for word in choices(providers()["crm_analytics"].kinds[0].entry) if f"frequency: {word}" in written}
    assert {"hourly", "minutely", "daily", "weekly", "monthly", "monthlyrelative", "eventdriven", "none"} <= entries
    for name in BUILT_IN:
        for model in models(providers()[name].connection):
            if "method" in model.model_fields:
                (method,) = model.model_fields["method"].annotation.__args__  # type: ignore[union-attr]
                assert f"method: {method}" in written


# -- sandbox -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.name)
def test_every_switch_is_documented_with_its_default_and_values(switch: Switch) -> None:
    (row,) = re.findall(rf"^\| `{switch.name}` \| (.*?) \|", page("sandbox"), re.MULTILINE)
    assert row.startswith(f"`{json.dumps(switch.default)}`")
    described = switch.described()
    assert (
        all(f"`{json.dumps(each)}`" in row for each in described) if isinstance(described, list) else described in row
    )


def test_no_switch_is_documented_that_does_not_exist() -> None:
    text = section(page("sandbox"), "## Switches")
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == {switch.name for switch in SWITCHES}


def test_every_fault_is_documented() -> None:
    words = in_backticks(section(page("sandbox"), "## Faults"))
    assert set(KINDS) <= words
    assert set(Fault.__slots__) - {"kind", "id", "fired"} <= words


def test_every_admin_endpoint_is_documented() -> None:
    for path, methods in _ENDPOINTS.items():
        short = path.removeprefix("/_sandbox").replace(":int", "")
        (row,) = re.findall(rf"^\| `{re.escape(short)}` \| (.*) \|$", page("sandbox"), re.MULTILINE)
        assert all(method in row for method in methods)


def curls() -> list[list[str]]:
    blocks = re.findall(r"^```sh\n(.*?)^```", page("sandbox"), re.MULTILINE | re.DOTALL)
    commands = re.findall(r"^curl .*?(?=^curl |\Z)", "".join(blocks), re.MULTILINE | re.DOTALL)
    return [shlex.split(command.replace("\\\n", " ")) for command in commands]


def test_every_curl_example_works() -> None:
    found = curls()
    assert len(found) >= 12
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with Server(Sandbox()) as server:
        for words in found:
            method, body = (words[words.index(flag) + 1] if flag in words else None for flag in ("-X", "-d"))
            (url,) = (word.replace("$SB", server.url) for word in words if word.startswith("$SB"))
            headers = {"Content-Type": "application/json"}
            data = body.encode() if body else None
            request = urllib.request.Request(url, data, headers, method=method or "GET")
            with opener.open(request, timeout=10) as answer:
                assert answer.status == 200, words


# -- all pages ---------------------------------------------------------------------------------------------------------


def written() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub makes of the headings."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", written(), ids=lambda path: path.name)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)]+)\)", text):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("path", written(), ids=lambda path: path.name)
def test_every_yaml_block_is_yaml(path: Path) -> None:
    for block in re.findall(r"^```yaml\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        yaml.safe_load(block)


@pytest.mark.parametrize("name", PAGES)
def test_the_readme_leads_to_every_page(name: str) -> None:
    assert f"](docs/{name}.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", written(), ids=lambda path: path.name)
def test_every_error_code_exists_in_the_source(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    shown = set(re.findall(r"(?:error|warning|note)\[([a-z-]+)\]", text))
    named = {word for word in in_backticks(text) if re.fullmatch(r"[a-z]+(-[a-z]+)+", word)} - NO_CODES
    if path.name not in ("safety.md", "files.md", "state.md"):
        named = set()
    missing = {code for code in shown | named if f'"{code}"' not in source() and not FAMILY_CODE.fullmatch(code)}
    assert not missing


def test_every_error_of_a_place_for_the_state_is_documented() -> None:
    code = "\n".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "src/reconcile/state").glob("*.py")))
    codes = set(re.findall(r'"(state-[a-z-]+)"', code))
    assert len(codes) > 10
    assert codes <= in_backticks(page("state")) | in_backticks(page("safety"))


@cache
def source() -> str:
    """Return the text of the whole program."""
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "src").rglob("*.py")))


def test_modelines_lead_to_the_schema() -> None:
    files = sorted((ROOT / "desired_state").rglob("*.y*ml"))
    assert files
    for file in files:
        first = file.read_text(encoding="utf-8").split("\n", 1)[0]
        target = first.removeprefix("# yaml-language-server: $schema=")
        assert (file.parent / target).resolve() == ROOT / "docs/reconcile.schema.json", file
