"""A list of assets to look names up in, and what to say when a name is not on it, or there twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconcile.core.diagnostic import Diagnostic, Severity, did_you_mean
from reconcile.providers.crm_analytics.api import Asset, Listing
from reconcile.providers.crm_analytics.convert import short_id

WORDS = {"dataflow": "dataflow", "recipe": "recipe", "data_sync": "data connection"}
MOST_SUGGESTED_IDS = 5


@dataclass(frozen=True, slots=True)
class Listed:
    """A list as far as it is needed: assets by name and by (short) id, and what it cost."""

    kind: str
    by_name: Mapping[str, tuple[Asset, ...]]
    by_id: Mapping[str, Asset]
    pages: int
    is_short: bool

    @classmethod
    def of(cls, kind: str, listing: Listing) -> Listed:
        """Return the list of this kind of asset, ready for look-ups."""
        by_name: dict[str, tuple[Asset, ...]] = {}
        for asset in listing.assets:
            by_name[asset.name] = (*by_name.get(asset.name, ()), asset)
        by_id = {short_id(asset.id): asset for asset in listing.assets}
        return cls(kind, by_name, by_id, listing.pages, listing.is_short)

    def unknown(self, connection: str, name: str, *, recorded_id: str = "", guess: bool = True) -> Diagnostic:
        """Return what to say of a name that is not listed; ``guess`` looks for near names, which takes a moment.

        ``recorded_id`` is the id that the name had when we last saw it, "" when it was never seen.
        """
        word = WORDS[self.kind]
        hint = did_you_mean(name, self.by_name) if guess else ""
        labelled = [known for known, assets in self.by_name.items() for a in assets if a.label == name]
        renamed = self.by_id.get(short_id(recorded_id))
        if labelled:
            hint = f'"{name}" is a label; the API name is "{labelled[0]}"'
        elif renamed:
            hint = f'it was recorded with id {renamed.id}, which is named "{renamed.name}" now'
        elif not self.by_id:
            hint = f"the platform lists no {word} at all: is this the right org, and may this user see them?"
        return Diagnostic(
            code="unknown-object",
            summary=f"Unknown {word}",
            detail=f'Connection "{connection}" has no {word} named "{name}".',
            hint=hint or f"names are API names, not labels; {len(self.by_name)} are listed",
        )

    def ambiguous(self, connection: str, name: str, several: Iterable[Asset], *, key: str = "id") -> Diagnostic:
        """Return what to say of a name that several assets have; ``key`` is where the files take an id instead."""
        ids = [asset.id for asset in several]
        shown = ", ".join(ids[:MOST_SUGGESTED_IDS]) + (", ..." if len(ids) > MOST_SUGGESTED_IDS else "")
        return Diagnostic(
            code="ambiguous-name",
            summary="Ambiguous name",
            detail=f'Connection "{connection}" has {len(ids)} {WORDS[self.kind]}s named "{name}": {shown}.',
            hint=f"name it by its id: `{key}: {ids[0]}`",
        )

    def incomplete(self, connection: str) -> Diagnostic:
        """Return the warning that the list is shorter than the platform says it is."""
        return Diagnostic(
            code="incomplete-listing",
            summary="A listing is not complete",
            detail=f'Connection "{connection}" lists fewer {WORDS[self.kind]}s than it says there are; '
            "what is not on the list is treated as unknown, not as gone.",
            hint="plan again; if it stays like this, check what this user may see",
            severity=Severity.WARNING,
        )
