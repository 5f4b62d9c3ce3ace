"""Times on the command line: what no clock can count to is wrong usage, before anything is started."""

from __future__ import annotations

import pytest

from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.main import run


@pytest.mark.parametrize("seconds", ["nan", "inf", "-inf", "1e300", "-1", "soon"])
@pytest.mark.parametrize(
    "command",
    [
        ("doctor", "--timeout"),
        ("run", "refresh", "--poll-interval"),
        ("tamr", "load", "src_a", "--wait", "--poll-interval"),
        ("sandbox", "--latency"),
    ],
)
def test_what_is_no_time_is_wrong_usage(
    command: tuple[str, ...], seconds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command, seconds]) == ExitCode.USAGE
    assert command[-1] in capsys.readouterr().err
