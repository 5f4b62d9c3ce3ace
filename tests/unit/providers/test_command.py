"""Programs run without a shell, never for ever, and their secrets stay with them."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from reconcile.core.errors import AuthFailed
from reconcile.providers.command import masked, run

ENVIRONMENT = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}/usr/bin:/bin", "ONLY": "this"}
PYTHON = Path(sys.executable).name
TOKEN = "00Dx0000000001!AQ.issued-0123456789"


def python(code: str, *words: str, timeout: float = 30.0) -> str:
    """Run Python code as if it were a platform's program."""
    return run((PYTHON, "-c", code, *words), ENVIRONMENT, timeout)


def test_it_returns_what_was_printed() -> None:
    """Standard output only, in UTF-8."""
    assert python("import sys; print('Zoë'); sys.stderr.write('noise')") == "Zoë\n"


def test_no_shell_reads_the_words() -> None:
    """They arrive as they are."""
    words = ("a b", "$HOME", "; rm -rf /", "`x`", "*", "")
    assert python("import sys; print(sys.argv[1:])", *words).strip() == str(list(words))


def test_the_environment_is_the_one_given() -> None:
    """Nothing of this process's own."""
    names = python("import os; print(sorted(set(os.environ) - {'LC_CTYPE', '__CF_USER_TEXT_ENCODING'}))")
    assert names.strip() == "['ONLY', 'PATH']"


def test_nothing_to_read_from() -> None:
    """A program that asks gets an end, not our terminal."""
    assert python("import sys; print(repr(sys.stdin.read()))").strip() == "''"


def test_a_missing_program() -> None:
    """It is looked up on the given PATH only."""
    with pytest.raises(AuthFailed, match="'sh' is not on the PATH"):
        run(("sh",), {"PATH": "/nowhere"}, 1.0)


def test_a_program_that_cannot_start(tmp_path: Path) -> None:
    """Executable, but for no interpreter there is."""
    file = tmp_path / "odd"
    file.write_text("#!/no/such/interpreter\n")
    file.chmod(0o755)
    with pytest.raises(AuthFailed, match="cannot be started: No such file"):
        run(("odd",), {"PATH": str(tmp_path)}, 1.0)


def test_a_program_that_hangs_is_killed_with_its_children() -> None:
    """A grandchild that holds the pipe would keep us waiting."""
    sleep = "import time; time.sleep(60)"
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {sleep!r}]); {sleep}"
    began = time.monotonic()
    with pytest.raises(AuthFailed, match=r"did not end within 0\.5 s"):
        python(code, timeout=0.5)
    assert time.monotonic() - began < 20


def test_failures_show_the_last_line_masked() -> None:
    """Of stderr, or of stdout when that is all there is."""
    code = f"import sys; print('out'); sys.stderr.write('one\\nbad token {TOKEN} \\x1b[31mhere\\n'); sys.exit(4)"
    with pytest.raises(AuthFailed) as caught:
        python(code)
    assert str(caught.value).endswith("failed with exit code 4: bad token *** here")
    with pytest.raises(AuthFailed, match=r"exit code 4: \*\*\*$"):
        python(f"import sys; print('{TOKEN}'); sys.exit(4)")


def test_failures_show_the_message_of_json() -> None:
    """``sf --json`` prints its error over many lines; the last one is a brace."""
    code = 'import sys; print(\'{\\n "name": "x",\\n "message": "No org found"\\n}\'); sys.exit(1)'
    with pytest.raises(AuthFailed, match="exit code 1: No org found"):
        python(code)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"token={TOKEN};", "***;"),
        ("eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln", "***"),
        ("No authorization information found for my-org", "No authorization information found for my-org"),
        ("a\x1b[1mb\x07c", "ab c"),
        ("", ""),
    ],
)
def test_masking(text: str, shown: str) -> None:
    """Whatever looks like a token, and nothing that reads like a sentence."""
    assert masked(text) == shown
