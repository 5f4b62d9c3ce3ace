"""What a new workspace is to have: told by options, or asked for in a terminal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import click

from reconcile.providers.starter import PLATFORMS, Method, Platform

# As ``reconcile.yaml`` takes them; it also names a file.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Wish:
    """One connection: what it is called, where it leads, how it logs in; ``values`` by key where they are known."""

    name: str
    platform: Platform
    method: Method
    values: Mapping[str, str] = field(default_factory=dict)


def told(
    providers: Sequence[str], names: Sequence[str], methods: Sequence[str], values: Mapping[str, str]
) -> list[Wish]:
    """Return what the options say. Raises ``UsageError`` for options that fit nothing."""
    if len(names) > len(providers) or len(methods) > len(providers):
        raise click.UsageError("there are more --name or --auth than --provider")
    wishes: list[Wish] = []
    for number, provider in enumerate(providers):
        platform = PLATFORMS[provider]
        name = names[number] if number < len(names) else _free(platform.connection, wishes)
        method = _method(platform, methods[number] if number < len(methods) else None)
        own = {each.key for each in platform.settings}
        wishes.append(Wish(checked_name(name, wishes), platform, method, {k: v for k, v in values.items() if k in own}))
    used = Counter(key for wish in wishes for key in wish.values)
    for key in values if providers else ():
        option = key.replace("_", "-")
        if not used[key]:
            raise click.UsageError(f"--{option} fits none of the platforms given")
        if used[key] > 1:
            raise click.UsageError(f"--{option} is for one connection, and {used[key]} would take it; leave it out")
    return wishes


def asked(wishes: Sequence[Wish], values: Mapping[str, str]) -> list[Wish]:
    """Return what is wished, with what the options leave open asked for; connections are asked for where none is."""
    if wishes:
        return [_completed(wish) for wish in wishes]
    found: list[Wish] = []
    while not found or click.confirm("Another connection?", default=False, err=True):
        provider = click.prompt("Platform", type=click.Choice(list(PLATFORMS)), default="crm_analytics", err=True)
        platform = PLATFORMS[provider]
        name = click.prompt(
            "What to call the connection",
            default=_free(platform.connection, found),
            value_proc=partial(checked_name, others=tuple(found)),
            err=True,
        )
        found.append(_completed(Wish(name, platform, _ask_method(platform), values)))
    return found


def checked_name(name: str, others: Sequence[Wish]) -> str:
    """Return a connection's name without white space around. Raises ``UsageError`` for one that cannot be one."""
    name = name.strip()
    if not _NAME.fullmatch(name) or name == "reconcile":
        raise click.UsageError(f"{name!r} cannot be the name of a connection: take letters, digits, - and _")
    if any(other.name == name for other in others):
        raise click.UsageError(f"two connections are called {name}; give each a --name of its own")
    near = next((other.name for other in others if in_variable(other.name) == in_variable(name)), None)
    if near:
        raise click.UsageError(f"{near} and {name} would share environment variables; take names that differ in more")
    return name


def in_variable(name: str) -> str:
    """Return a connection's name as environment variables have it in theirs."""
    own = "".join(c if c.isalnum() else "_" for c in name).upper()
    return f"_{own}" if own[0].isdigit() else own


def _completed(wish: Wish) -> Wish:
    values = dict(wish.values)
    for each in wish.platform.settings:
        if each.question and each.key not in values:
            shown = f"${{env.{each.variable}}}" if each.variable else each.default
            answer = click.prompt(each.question, default=shown, err=True)
            if answer != shown:
                values[each.key] = answer.strip()
    return Wish(wish.name, wish.platform, wish.method, values)


def _ask_method(platform: Platform) -> Method:
    if len(platform.methods) == 1:
        return platform.methods[0]
    for each in platform.methods:
        click.echo(f"  {each.name:<20} {each.what}", err=True)
    names = [each.name for each in platform.methods]
    return _method(platform, click.prompt("How to log in", type=click.Choice(names), default=names[0], err=True))


def _method(platform: Platform, name: str | None) -> Method:
    found = platform.method(name)
    if found is None:
        known = ", ".join(each.name for each in platform.methods)
        raise click.UsageError(f"{platform.title} has no login called {name}; it has: {known}")
    return found


def _free(name: str, wishes: Sequence[Wish]) -> str:
    """Return the name, with a number behind it where it is taken."""
    taken = {wish.name for wish in wishes}
    return next(each for each in (name, *(f"{name}{number}" for number in range(2, 99))) if each not in taken)
