"""From API names to assets and back, for whoever works on one org for a while: each list is asked for once."""

from __future__ import annotations

from threading import Lock

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import BadAnswer, ObjectNotFound, PlatformError, Rejected
from reconcile.providers.crm_analytics.api import Api, Asset
from reconcile.providers.crm_analytics.convert import short_id
from reconcile.providers.crm_analytics.listed import WORDS, Listed


class Lookup:
    """Finds assets of one org by name. ``connection`` is what messages call it. Used from several threads."""

    def __init__(self, connection: str, api: Api) -> None:
        self._connection = connection
        self._api = api
        self._lists: dict[str, Listed] = {}
        self._locks = {kind: Lock() for kind in WORDS}

    def find(self, kind: str, name: str) -> Asset:
        """Return the asset with this API name, or else with this id.

        A name that is not on the list we have may be new, so the list is asked for once more. Raises
        ``ObjectNotFound`` with near names, and ``Rejected`` with the ids when several assets have the name.
        """
        known = self._lists.get(kind)
        listed = known or self.listed(kind)
        if known and not _named(listed, name):
            listed = self.listed(kind, instead_of=known)
        match _named(listed, name):
            case (asset,):
                return asset
            case ():
                raise self._not_found(listed, name)
            case several:
                raise _raised(Rejected, listed.ambiguous(self._connection, name, several, key=kind))

    def runner(self, kind: str, name: str) -> str:
        """Return the id by which a dataflow or a recipe is run: that of a recipe is its target dataflow's (page 3)."""
        asset = self.find(kind, name)
        if kind != "recipe":
            return asset.id
        if not asset.target_id:
            raise Rejected(
                f'Connection "{self._connection}" lists recipe "{name}" ({asset.id}) without a target dataflow, '
                "and that is what runs a recipe.",
                hint="save the recipe in the Data Manager, and see whether it can be run there",
                code="no-target-dataflow",
                summary="The recipe cannot be started",
            )
        return asset.target_id

    def listed(self, kind: str, *, instead_of: Listed | None = None) -> Listed:
        """Return the list of this kind of asset, read once for all threads; anew when it is ``instead_of`` ours."""
        with self._locks[kind]:
            known = self._lists.get(kind)
            if known is None or known is instead_of:
                known = self._lists[kind] = self._read(kind)
            return known

    def targets(self) -> dict[str, str]:
        """Return the targets (see ``Order.target``) behind the (short) ids that are known by now. Makes no call."""
        found: dict[str, str] = {}
        # Recipes last: a recipe's dataflow may be on the list of dataflows, too.
        for kind, listed in sorted(self._lists.items(), key=lambda item: item[0] == "recipe"):
            for asset in listed.by_id.values():
                target = f"{kind}:{asset.name}"
                found |= {short_id(asset_id): target for asset_id in (asset.id, asset.target_id) if asset_id}
        return found

    def _read(self, kind: str) -> Listed:
        lists = {"dataflow": self._api.dataflows, "recipe": self._api.recipes, "data_sync": self._api.connectors}
        try:
            return Listed.of(kind, lists[kind]())
        except BadAnswer as error:
            told = error.diagnostics[0]
            # What the client says names the connection; what was found wrong in an answer may not.
            if self._connection in told.detail:
                raise
            raise BadAnswer(f"{self._connection}: {told.detail}", hint=told.hint, status=error.status) from None

    def _not_found(self, listed: Listed, name: str) -> PlatformError:
        if not listed.is_short:
            return _raised(ObjectNotFound, listed.unknown(self._connection, name))
        error = _raised(BadAnswer, listed.incomplete(self._connection))
        error.may_have_happened = False
        return error


def _named(listed: Listed, name: str) -> tuple[Asset, ...]:
    by_id = listed.by_id.get(short_id(name))
    return listed.by_name.get(name) or ((by_id,) if by_id else ())


def _raised(kind: type[PlatformError], told: Diagnostic) -> PlatformError:
    return kind(told.detail, hint=told.hint, code=told.code, summary=told.summary)
