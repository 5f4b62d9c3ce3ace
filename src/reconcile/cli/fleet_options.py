"""Options of the commands that work on one workspace or on a fleet of them, and the choice between the two."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconcile.cli.options import Options, current

if TYPE_CHECKING:
    from reconcile.core.fleet import Shard

Command = TypeVar("Command", bound=Callable[..., int])

PARALLEL = 8
# Where CI systems say which of several equal jobs this one is: (index, what it counts from, how many there are).
NUMBERED = (("JOB_COMPLETION_INDEX", 0, "RECONCILE_SHARD_COUNT"), ("CI_NODE_INDEX", 1, "CI_NODE_TOTAL"))
# Common options that say which objects of one workspace are meant.
_OF_ONE = ("select", "exclude")


@dataclass(frozen=True, slots=True)
class Round:
    """How a fleet is gone through: which part of it, where the result is written, how many workspaces at once."""

    shard: Shard | None
    results: Path | None
    parallel: int


def over_fleet(name: str, *takes: str) -> Callable[[Command], Command]:
    """Let a command work on a fleet, too, when ``-C`` names one; ``takes`` are its own options that count there.

    Adds ``--shard``, ``--results`` and ``--parallel``. Stands below ``guarded``, which tells the errors of both.
    """

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def inner(*, shard: str | None, results: Path | None, parallel: int | None, **own: Any) -> int:
            from reconcile.config.fleet_name import names_fleet

            options = current()
            if names_fleet(options.workspace):
                _refuse_others(takes, options)
                from reconcile.cli.fleet_round import go_through

                return go_through(name, Round(_shard(shard), results, parallel or PARALLEL), options, own)
            for given, value in (("--shard", shard), ("--results", results), ("--parallel", parallel)):
                if value is not None:
                    raise click.UsageError(f"{given} is for a fleet: -C with a glob in quotes, or with a fleet file")
            return command(**own)

        for decorator in _OPTIONS:
            decorator(inner)
        return inner  # type: ignore[return-value]

    return decorate


def refuse_fleet(options: Options) -> None:
    """Raise a usage error when ``-C`` names a fleet: whoever calls this works on one workspace."""
    from reconcile.config.fleet_name import names_fleet

    if names_fleet(options.workspace):
        raise click.UsageError(
            f"this command works on one workspace, and -C {options.workspace} names a fleet; "
            "validate, plan and drift take one (docs/fleet.md)"
        )


def _refuse_others(takes: tuple[str, ...], options: Options) -> None:
    """Raise a usage error for an option that means nothing for many workspaces: it must not look obeyed."""
    context = click.get_current_context()
    given = [each for each in _OF_ONE if getattr(options, each)]
    own = {"shard", "results", "parallel", "help", *takes, *(each.name for each in fields(options))}
    given += [
        str(each.name)
        for each in context.command.params
        if each.name not in own
        and context.get_parameter_source(str(each.name)) not in (None, click.core.ParameterSource.DEFAULT)
    ]
    if given:
        raise click.UsageError(f"--{given[0].replace('_', '-')} works on one workspace, not on a fleet")


def _shard(written: str | None) -> Shard | None:
    from reconcile.core.fleet import Shard

    if written is None:
        return None
    index, count = _numbered(os.environ) if written == "auto" else _parsed(written)
    if not 1 <= index <= count:
        raise click.UsageError(f"--shard {index}/{count}: shards count from 1 to {count}")
    return Shard(index, count)


def _parsed(written: str) -> tuple[int, int]:
    index, _, count = written.partition("/")
    if not (_is_number(index) and _is_number(count)):
        raise click.UsageError(f"--shard {written}: write it as 2/8, the second of eight, or auto")
    return int(index), int(count)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _numbered(environment: Mapping[str, str]) -> tuple[int, int]:
    """Return index (from 1) and count, as the CI system tells them."""
    for index, first, count in NUMBERED:
        if index in environment:
            if count not in environment:
                raise click.UsageError(f"--shard auto: {index} is set and {count} is not: how many are there?")
            if not (_is_number(environment[index]) and _is_number(environment[count])):
                raise click.UsageError(f"--shard auto: {index} and {count} must be numbers")
            return int(environment[index]) - first + 1, int(environment[count])
    known = " nor ".join(f"{index} with {count}" for index, _, count in NUMBERED)
    raise click.UsageError(f"--shard auto: the environment has neither {known}")


_OPTIONS = (
    click.option(
        "--parallel",
        type=click.IntRange(1, 64),
        metavar="N",
        envvar="RECONCILE_PARALLEL",
        help=f"Of a fleet: workspaces at once.  [default: {PARALLEL}]",
    ),
    click.option(
        "--results",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        envvar="RECONCILE_RESULTS",
        help="Of a fleet: write the result there, for `fleet report`.",
    ),
    click.option(
        "--shard",
        metavar="I/N",
        envvar="RECONCILE_SHARD",
        help="Of a fleet: only this part, the I-th of N; `auto` asks CI.",
    ),
)
