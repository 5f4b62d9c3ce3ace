"""A workspace whose files are being edited: opened with their references filled in, checked as they would be."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from reconcile.config.document import Document, parse
from reconcile.config.files import ACKNOWLEDGED_FILE, WORKSPACE_FILE, list_files, read_text, shown
from reconcile.config.load import Config, FilesWrong, load
from reconcile.config.resolve import Scope, interpolate
from reconcile.config.save import Draft
from reconcile.config.splice import CannotEdit
from reconcile.config.workspace import read_workspace
from reconcile.config.writer import MODELINE, Variables
from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic, did_you_mean
from reconcile.core.errors import ConfigError
from reconcile.core.kind import Catalogue
from reconcile.core.snapshot import Values

_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Editor:
    """The files of the workspace in ``root``, in one environment. Paths are shown relative to ``root``."""

    root: Path
    environment: str | None
    environ: Mapping[str, str]
    catalogues: Mapping[str, Catalogue]

    def scope(self) -> Scope:
        """Return what references can name."""
        document = parse(read_text(self.root / WORKSPACE_FILE, self.root), WORKSPACE_FILE)
        return read_workspace(document, self.environment, self.environ, self.catalogues).scope

    def variables(self) -> Variables:
        """Return the text variables by what they say."""
        by_text: dict[str, tuple[str, ...]] = {}
        for name, value in self.scope().values.items():
            if isinstance(value, str) and value:
                by_text[value] = (*by_text.get(value, ()), name)
        return Variables(by_text)

    def open(self, path: Path) -> Document:
        """Return a file that is valid, with its references filled in and where they stood."""
        document = parse(read_text(path, self.root), shown(path, self.root))
        interpolate(document, self.scope())
        return document

    def modeline(self, folder: Path) -> str:
        """Return the line that tells editors the schema, as ``reconcile.yaml`` has it; empty when it has none."""
        lines = read_text(self.root / WORKSPACE_FILE, self.root).splitlines()
        schema = next((line.removeprefix(MODELINE).strip() for line in lines[:5] if line.startswith(MODELINE)), "")
        if not schema:
            return ""
        if "://" not in schema and not os.path.isabs(schema):  # noqa: PTH117 - text of a file, not a path of ours
            schema = Path(os.path.relpath(self.root / schema, folder)).as_posix()
        return f"{MODELINE}{schema}"

    def is_read(self, path: Path) -> bool:
        """Say whether a file of this name would be read as desired state."""
        below = self._below(path).parts
        is_hidden = any(part.startswith(".") for part in below)  # which is also how a way out of it begins
        is_ours = path.stem == "reconcile" or below == (ACKNOWLEDGED_FILE,)
        return not is_hidden and path.suffix.lower() in _SUFFIXES and not is_ours

    def located(self, given: Path) -> Path:
        """Return a file that people named (absolute), spelled as the workspace lists it.

        Raises ``ConfigError`` when no command would read it.
        """
        if self.is_read(given):
            return self.root / self._below(given)
        names = [known.name for known in list_files(self.root, self.root).desired]
        near = given.name if given.name in names else ""
        hint = f"did you mean {self.root / near}?" if near else did_you_mean(given.name, names)
        raise ConfigError(
            Diagnostic(
                "not-read",
                "No command would read that file",
                f"{given} is no desired-state file of the workspace in {self.root}.",
                hint or "name a *.yaml file below it, in no hidden folder, that is not called reconcile.yaml",
            )
        )

    def _below(self, path: Path) -> Path:
        """Return the way from the workspace to a file, whatever links lead to either."""
        return Path(os.path.relpath(path.parent.resolve() / path.name, self.root.resolve()))

    def check(self, before: Config, drafts: Iterable[Draft], wanted: Mapping[Address, Values]) -> Config:
        """Return what the workspace would ask for with these files: what it asks for, and ``wanted``.

        Raises ``CannotEdit`` when it would ask for anything else, or could not be read any more.
        """
        try:
            after = load(
                self.root,
                self.environment,
                self.environ,
                self.catalogues,
                self.root,
                instead={draft.path: draft.text for draft in drafts},
            )
        except FilesWrong as error:
            first = error.diagnostics[0]
            raise _not_as_wanted(f"the file would be wrong at {first.span}: {first.detail}", first.address) from None
        for address in sorted({*before.desired, *after.desired, *wanted}):
            was, now = before.desired.get(address), after.desired.get(address)
            asked = wanted.get(address, was.values if was else None)
            kept = was is None or now is None or replace(was, values={}, source=now.source) == replace(now, values={})
            if now is None or asked is None or dict(now.values) != dict(asked) or not kept:
                raise _not_as_wanted(f"{address} would come out as something else", str(address))
        return after


def _not_as_wanted(why: str, address: str | None) -> CannotEdit:
    return CannotEdit(
        Diagnostic(
            "cannot-edit",
            "It cannot be edited in place",
            f"Nothing was written: {why.removesuffix('.')}.",
            "edit it by hand",
            address=address,
        )
    )
