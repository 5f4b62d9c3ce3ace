"""How shells ask what could come next: click's protocol (``_RECONCILE_COMPLETE``), and the scripts that speak it.

bash gets a script of its own: it breaks words at ``:`` and ``=``, so that an address would fall into pieces, and it
puts what it is given into the line as it is, so that a name with a space has to be quoted here. fish gets one, too: a
value may hold a comma. zsh's is click's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    split_arg_string,
)

VARIABLE = "_RECONCILE_COMPLETE"
PROGRAM = "reconcile"

# What bash takes as it is; everything else is given a backslash.
_SPECIAL = re.compile(r"([^\w./:=@%+,-])", re.ASCII)
# The same between quotes of either kind, which are open: a name with $(...) in it is to stay a name.
_WITHIN: dict[str, Callable[[str], str]] = {
    '"': lambda text: re.sub(r'([\\"$`])', r"\\\1", text),
    "'": lambda text: text.replace("'", r"'\''"),
}
_DEFAULT_BREAKS = " \t\n\"'><=;|&(:"

_BASH = r"""%(complete_func)s() {
    local response type value
    COMPREPLY=()
    response=$(COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_BREAKS="$COMP_WORDBREAKS" \
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done <<< "$response"
}
complete -F %(complete_func)s %(prog_name)s
"""

_FISH = r"""function %(complete_func)s
    set -l response (env %(complete_var)s=fish_complete COMP_WORDS=(commandline -cp | string collect) \
        COMP_CWORD=(commandline -t | string collect) %(prog_name)s 2>/dev/null)
    for completion in $response
        set -l metadata (string split -m 1 "," -- $completion)
        switch $metadata[1]
            case dir
                __fish_complete_directories $metadata[2]
            case file
                __fish_complete_path $metadata[2]
            case plain
                echo $metadata[2]
        end
    end
end
complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


class Bash(BashComplete):
    """bash 3.2 and newer."""

    source_template = _BASH

    def source(self) -> str:
        """Return the script; it runs in every bash, so none is asked for its version."""
        return self.source_template % self.source_vars()

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one at the cursor, and that one, as bash would take them."""
        line = os.environ.get("COMP_LINE")
        if line is None:
            return super().get_completion_args()
        start = _last_word(line)
        found = split_arg_string(line[start:])
        return split_arg_string(line[:start])[1:], found[0] if found else ""

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Return the item as it comes into the line: without what bash keeps of the word, special characters quoted."""
        line = os.environ.get("COMP_LINE")
        if line is None or item.type != "plain":
            return super().format_completion(item)
        typed = line[_last_word(line) :]
        option, equals, value = typed.partition("=") if typed.startswith("--") else ("", "", typed)
        if value[:1] in _WITHIN:
            return f"{item.type},{_WITHIN[value[0]](item.value)}"
        breaks = os.environ.get("COMP_BREAKS", _DEFAULT_BREAKS)
        kept = max((value.rfind(each) for each in ":=" if each in breaks), default=-1) + 1
        plain = "".join(split_arg_string(value[:kept]))
        head = f"{option}{equals}" if equals and "=" not in breaks else ""
        return f"{item.type},{head}{_SPECIAL.sub(_quoted, item.value.removeprefix(plain))}"


class Fish(FishComplete):
    """fish 3.1 and newer."""

    source_template = _FISH


SHELLS: dict[str, type[ShellComplete]] = {"bash": Bash, "zsh": ZshComplete, "fish": Fish}


def script(shell: str, cli: click.Command) -> str:
    """Return what a shell is to run once."""
    return SHELLS[shell](cli, {}, PROGRAM, VARIABLE).source()


def answer(cli: click.Command, instruction: str) -> str:
    """Return what a shell that asks is told: empty when nobody knows, whatever the reason.

    ``instruction`` is the variable's value: ``bash_complete``, ``zsh_source``. Never raises: a half-typed line is wrong
    most of the time, and a message would land in the middle of it.
    """
    shell, _, asked = instruction.partition("_")
    if shell not in SHELLS or asked not in ("source", "complete"):
        return ""
    try:
        speaker = SHELLS[shell](cli, {}, PROGRAM, VARIABLE)
        text = speaker.source() if asked == "source" else speaker.complete()
    except Exception:
        return ""
    return text if text.endswith("\n") or not text else f"{text}\n"


def _last_word(line: str) -> int:
    """Return where the word at the end of ``line`` begins: behind the last space that is in no quotes."""
    start, quote, escaped = 0, "", False
    for place, character in enumerate(line):
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character.isspace():
            start = place + 1
    return start


def _quoted(found: re.Match[str]) -> str:
    """Return a character with a backslash; letters of other alphabets as they are."""
    return found[0] if found[0].isalnum() else f"\\{found[0]}"
