"""``reconcile completion``: the script that makes a shell complete commands, options, addresses and the rest."""

from __future__ import annotations

import click

from reconcile.cli.border import border, guarded
from reconcile.cli.exit_codes import ExitCode
from reconcile.cli.options import common


@click.command("completion")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@common
@guarded
def command(shell: str) -> int:
    r"""Print the script that makes TAB complete commands, options, addresses, environments, pipelines, runs, applies.

    What a workspace has is read from its files while you type: no call is made, and nothing is said about mistakes.

    \b
    bash, in ~/.bashrc:
      eval "$(reconcile completion bash)"
    zsh, in ~/.zshrc, after compinit:
      eval "$(reconcile completion zsh)"
    fish, once:
      reconcile completion fish > ~/.config/fish/completions/reconcile.fish
    """
    from reconcile.cli.complete import script
    from reconcile.cli.main import cli

    # Whatever RECONCILE_FORMAT says: a shell that starts wants the script.
    border().print(script(shell, cli))
    return ExitCode.DONE
