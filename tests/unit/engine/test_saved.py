"""Saved plans: every reason for which one is refused, and that what is carried out is what was saved."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import pytest

from reconcile.core.address import Address
from reconcile.core.change import Change, Unchanged
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.digest import plan_digest
from reconcile.core.drift import Why
from reconcile.core.errors import Refused
from reconcile.core.guard import DeleteLimits
from reconcile.core.kind import Action
from reconcile.core.plan import Base, Plan
from reconcile.core.redact import Redactor
from reconcile.core.request import Request
from reconcile.core.snapshot import Recorded
from reconcile.core.source import Span
from reconcile.engine.link import Link, Outside
from reconcile.engine.place import Checkout, Place
from reconcile.engine.planning import Basis, Planned, Planner, planned_by, read_basis
from reconcile.engine.saved import expecting, from_saved, load_plan, save_plan
from reconcile.providers.base import Reader
from reconcile.providers.registry import providers
from reconcile.render.json import plan_document
from reconcile.state.backend import Backend, open_backend
from reconcile.state.format import Applied, Origin, State
from reconcile.state.intent import intent_of
from reconcile.state.journal import Journal
from reconcile.state.plan_file import SavedPlan
from reconcile.state.store import Store

MADE, NOW = "2026-11-22T14:00:00Z", "2026-11-23T09:00:00Z"
A, B = Address("tailer", "configuration", "t:a"), Address("tailer", "configuration", "t:b")
ON, OFF = {"activated": True, "archived": False}, {"activated": False, "archived": False}
SPAN = Span("tailer.yaml", 3, 5)


def tailer(account: str = "000099", environment: str = "DEV") -> Link:
    provider = providers()["tailer"]
    settings = {"provider": "tailer", "account": account, "environment": environment}
    auth = {"method": "token", "token": "not-a-real-token"}
    return Link("tailer", provider, provider.connection.model_validate({**settings, "auth": auth}))


def tamr(name: str = "tailer") -> Link:
    provider = providers()["tamr"]
    auth = {"method": "api_key", "api_key": "not-a-real-key"}
    settings = {"provider": "tamr", "base_url": "https://acme.tamr.cloud", "auth": auth}
    return Link(name, provider, provider.connection.model_validate(settings))


@dataclass
class Bed:
    """A workspace whose state is in memory, a plan made there, and the file that it is saved in."""

    file: Path
    backend: Backend = field(default_factory=lambda: open_backend("memory://", Path(), "prod"))

    def place(self, id: str = "a1", **changes: Any) -> Place:
        place = Place(
            environment="prod",
            desired={},
            links={"tailer": tailer()},
            backend=self.backend,
            limits=DeleteLimits(),
            outside=Outside(lambda event: None, Redactor(), {}),
            origin=Origin(id, NOW, "kim", "laptop", "reconcile apply"),
            clock=time.monotonic,
            checkout=Checkout("/ws", "f" * 64),
        )
        return replace(place, **changes)

    def record(self, id: str = "a0", **block: Any) -> State:
        """Write one version of the state, as some apply does."""
        store = Store(self.backend)
        origin = Origin(id, MADE, "ada", "ci-7", "reconcile apply --yes")
        return store.write(store.latest(), {}, Applied(origin, "done", **block), at=MADE)

    def cut_off(self, id: str, plan: str | None = None) -> None:
        """Leave what an apply leaves that was killed."""
        origin = Origin(id, NOW, "ada", "ci-7", "reconcile apply --yes")
        intents = [intent_of(change(), one_shot=False)]
        Journal.begin(self.backend, origin, intents, Store(self.backend).latest(), plan=plan).leave()

    def save(self, **changes: Any) -> SavedPlan:
        """Make a plan here and now, save it, and return what is in the file."""
        place = self.place()
        planned = planned_by(making(**changes), place, read_basis(place, None), {})
        save_plan(self.file, place, planned)
        return load_plan(self.file)

    def carried_out(self, saved: SavedPlan, **changes: Any) -> Planned:
        place = self.place("a2", **changes)
        return from_saved(saved)(place, read_basis(place, None), {})

    def refused(self, saved: SavedPlan, **changes: Any) -> Diagnostic:
        with pytest.raises(Refused) as caught:
            self.carried_out(saved, **changes)
        return caught.value.diagnostics[0]


@pytest.fixture
def bed(tmp_path: Path) -> Bed:
    return Bed(tmp_path / "plan.json")


def change(address: Address = A) -> Change:
    record = Recorded(address, ON, MADE, None, False, "tailer.yaml")
    call = Request("POST", "/v1/configuration/status", {"activated": True})
    return Change(address, Action.ASSERT, Why.NEW, OFF, ON, (), (call,), SPAN, to_record=record)


def making(settled: tuple[str, ...] = (), **changes: Any) -> Planner:
    """Return a planner that always makes the same plan, on whatever there is."""

    def planner(place: Place, basis: Basis, readers: Mapping[str, Reader]) -> Planned:
        plan = Plan("p1", MADE, place.environment, basis.base, (change(),), (), (), basis.notes)
        return Planned(replace(plan, **changes), basis, settled=settled)

    return planner


# -- carried out -------------------------------------------------------------------------------------------------------


def test_what_was_saved_is_carried_out(bed: Bed) -> None:
    saved = bed.save()
    planned = bed.carried_out(saved)
    assert planned.plan == replace(saved.plan, changes=planned.plan.changes)
    assert [replace(c, to_record=None) for c in planned.plan.changes] == [replace(change(), to_record=None)]
    assert (planned.saved, planned.undoes) == ("p1", None)


def test_it_reads_nothing_from_the_platforms(bed: Bed) -> None:
    """Apply looks again at every object that it is about to write; that is soon enough."""

    class Nobody(Mapping[str, Any]):
        def __getitem__(self, name: str) -> Any:
            raise AssertionError(name)

        def __iter__(self) -> Any:
            raise AssertionError

        def __len__(self) -> int:
            raise AssertionError

    place = bed.place()
    assert from_saved(bed.save())(place, read_basis(place, None), Nobody()).plan.changes


def test_what_is_recorded_was_applied_now_and_not_when_it_was_planned(bed: Bed) -> None:
    """What was applied long ago and is only noted down anew keeps its time."""
    long_ago = "2026-01-01T00:00:00Z"
    held = replace(change(B), to_record=Recorded(B, OFF, MADE, held_since=MADE))
    new, old = Recorded(B, ON, MADE), Recorded(A, ON, long_ago, held_since=long_ago)
    unchanged = (Unchanged(B, SPAN, new), Unchanged(A, SPAN, old), Unchanged(A, SPAN))
    gone = replace(change(), action=Action.FORGET, to_record=None)
    plan = bed.carried_out(bed.save(changes=(change(), held, gone), unchanged=unchanged)).plan
    assert [c.to_record and (c.to_record.applied_at, c.to_record.held_since) for c in plan.changes] == [
        (NOW, None),
        (NOW, NOW),
        None,
    ]
    assert plan.records == (replace(new, applied_at=NOW), old)


def test_a_refused_plan_stays_refused(bed: Bed) -> None:
    told = Diagnostic("guard-deletes", "Too many deletes")
    assert bed.carried_out(bed.save(refusals=(told,))).plan.refusals == (told,)


def test_an_undo_stays_an_undo(bed: Bed) -> None:
    place = bed.place()
    planned = replace(making()(place, read_basis(place, None), {}), undoes="a0")
    save_plan(bed.file, place, planned)
    assert bed.carried_out(load_plan(bed.file)).undoes == "a0"


def test_nothing_that_a_planner_says_is_forgotten() -> None:
    """A new field of ``Planned`` has to be saved, or it is known here why not."""
    not_saved = {"basis", "live", "saved", "override", "experience", "outlook"}
    assert {f.name for f in fields(Planned)} - not_saved <= {f.name for f in fields(SavedPlan)}


def test_an_account_that_was_allowed_is_settled(bed: Bed) -> None:
    assert bed.carried_out(bed.save(settled=("tailer",))).settled == ("tailer",)


def test_the_file_is_what_plan_prints_and_more(bed: Bed) -> None:
    """Who parses the one can parse the other."""
    saved = bed.save()
    printed = json.loads(json.dumps(plan_document(saved.plan)))
    document = json.loads(bed.file.read_text(encoding="utf-8"))
    assert {key: document[key] for key in printed} == printed
    assert document.keys() - printed.keys() == {"checksum", "saved"}
    assert bed.file.stat().st_mode & 0o777 == 0o600


# -- refused -----------------------------------------------------------------------------------------------------------


def test_another_environment(bed: Bed) -> None:
    told = bed.refused(bed.save(), environment="dev")
    assert (told.code, told.hint) == ("plan-environment", "--env prod")
    assert '"prod"' in told.detail
    assert '"dev"' in told.detail


def test_another_account(bed: Bed) -> None:
    """Both are shown."""
    told = bed.refused(bed.save(), links={"tailer": tailer(account="000042")})
    assert told.code == "plan-connection"
    assert "000099" in told.detail
    assert "000042" in told.detail


def test_a_connection_that_is_gone(bed: Bed) -> None:
    told = bed.refused(bed.save(), links={})
    assert (told.code, "is not in reconcile.yaml" in told.detail) == ("plan-connection", True)


def test_a_connection_of_another_provider(bed: Bed) -> None:
    """Should its settings name the same account by chance, its kinds do not."""
    saved = bed.save()
    link = tamr()
    same = replace(saved, accounts={"tailer": link.account})
    told = bed.refused(same, links={"tailer": link})
    assert (told.code, "another provider" in told.detail) == ("plan-connection", True)


def test_connections_that_the_plan_does_not_touch_may_lead_anywhere(bed: Bed) -> None:
    assert bed.carried_out(bed.save(), links={"tailer": tailer(), "tamr": tamr("tamr")})
    assert set(bed.save().accounts) == {"tailer"}


def test_a_state_that_went_on(bed: Bed) -> None:
    """It says when the plan was made, and who recorded since."""
    bed.record()
    saved = bed.save()
    bed.record("a5")
    told = bed.refused(saved)
    assert told.code == "plan-stale"
    assert MADE in told.detail
    assert "version 1 of the state; now there is version 2" in told.detail
    assert "apply a5 (ada on ci-7" in told.detail
    assert "plan again" in told.hint


def test_a_state_that_began_meanwhile(bed: Bed) -> None:
    saved = bed.save()
    bed.record("a5")
    told = bed.refused(saved)
    assert (told.code, "before the first apply" in told.detail) == ("plan-stale", True)


def test_a_state_that_was_written_by_no_apply(bed: Bed) -> None:
    saved = bed.save()
    Store(bed.backend).write(State(), {}, None, at=MADE)
    told = bed.refused(saved)
    assert (told.code, ", by" in told.detail) == ("plan-stale", False)


def test_a_state_that_went_back(bed: Bed) -> None:
    """A version was moved away, as one does with a damaged one."""
    bed.record()
    bed.record("a5")
    saved = bed.save()
    bed.backend.delete("state/00000002.json")
    assert bed.refused(saved).code == "plan-stale"


def test_another_state(bed: Bed) -> None:
    bed.record()
    saved = bed.save()
    bed.backend.delete("state/00000001.json")
    assert "there is none" in bed.refused(saved).detail
    bed.record("a9")
    told = bed.refused(saved)
    assert (told.code, "another state" in told.detail) == ("plan-stale", True)


@pytest.mark.parametrize("versions", [0, 1, 3])
def test_a_plan_that_was_applied(bed: Bed, versions: int) -> None:
    """It says by which apply and when, however much was applied since."""
    for number in range(versions):
        bed.record(f"b{number}")
    saved = bed.save()
    bed.record("a5", plan="p1")
    for more in ("a6", "a7"):
        told = bed.refused(saved)
        assert told.code == "plan-used"
        assert f"apply a5 (ada on ci-7, {MADE}): version {versions + 1} of the state" in told.detail
        bed.record(more)


def test_a_version_that_cannot_be_read_keeps_nobody_from_saying_no(bed: Bed) -> None:
    saved = bed.save()
    bed.record("a5", plan="p1")
    bed.record("a6")
    bed.backend.put("state/00000001.json", b"{")
    assert bed.refused(saved).code == "plan-stale"


def test_a_plan_that_was_begun_and_cut_off(bed: Bed) -> None:
    saved = bed.save()
    bed.cut_off("a5", plan="p1")
    told = bed.refused(saved)
    assert told.code == "plan-stale"
    assert "begun already, by apply a5 (ada on ci-7" in told.detail


def test_somebody_else_was_cut_off(bed: Bed) -> None:
    saved = bed.save()
    bed.cut_off("a5")
    told = bed.refused(saved)
    assert told.code == "plan-stale"
    assert "apply a5 (ada on ci-7" in told.detail
    assert "was cut off" in told.detail


def test_a_journal_without_its_beginning(bed: Bed) -> None:
    saved = bed.save()
    bed.backend.create("journal/000001-a5/00000001-settled.json", b'{"format":"reconcile.journal/1","outcomes":{}}')
    assert bed.refused(saved).code == "plan-stale"


def test_what_was_cut_off_before_it_was_planned_is_part_of_the_plan(bed: Bed) -> None:
    """It is no reason; that it is gone without the state having taken it in is one."""
    bed.cut_off("a5")
    saved = bed.save()
    assert saved.unfinished == ("a5",)
    assert bed.carried_out(saved).plan.changes
    for key in bed.backend.list("journal"):
        bed.backend.delete(key)
    told = bed.refused(saved)
    assert (told.code, "a5" in told.detail) == ("plan-stale", True)


def test_an_apply_that_runs_while_it_is_planned_is_none_that_it_accounts_for(bed: Bed) -> None:
    """Should it be killed, it has come further by then than the plan knows."""
    bed.cut_off("a5")
    place = bed.place()
    basis = read_basis(place, None)
    basis = replace(basis, left=tuple(replace(item, is_running=True) for item in basis.left))
    save_plan(bed.file, place, making()(place, basis, {}))
    assert bed.refused(load_plan(bed.file)).code == "plan-stale"


def test_remains_of_what_the_state_has_taken_in_mean_nothing(bed: Bed) -> None:
    saved = bed.save()
    bed.cut_off("a5")
    place = bed.place()
    basis = read_basis(place, None)
    basis = replace(basis, left=tuple(replace(item, is_recorded=True) for item in basis.left))
    assert from_saved(saved)(place, basis, {}).plan.changes


def test_other_files_in_another_folder(bed: Bed) -> None:
    told = bed.refused(bed.save(), checkout=Checkout("/other", "0" * 64))
    assert (told.code, "/ws" in told.detail) == ("plan-workspace", True)


def test_the_same_files_in_another_folder(bed: Bed) -> None:
    """Another runner's checkout of the same commit."""
    plan = bed.carried_out(bed.save(), checkout=Checkout("/other", "f" * 64)).plan
    assert plan.diagnostics == ()


def test_files_that_were_edited_since_are_mentioned(bed: Bed) -> None:
    """A saved plan is what was reviewed; what was written since is for the next one."""
    plan = bed.carried_out(bed.save(), checkout=Checkout("/ws", "0" * 64)).plan
    assert [d.code for d in plan.diagnostics] == ["files-changed"]
    assert not plan.has_errors


def test_no_state_yet_and_another_place_for_it(tmp_path: Path) -> None:
    """Before the first apply there is no lineage that could tell one state from another."""
    one, other = (open_backend(name, tmp_path, "prod") for name in ("one", "other"))
    bed = Bed(tmp_path / "plan.json", one)
    saved = bed.save()
    told = bed.refused(saved, backend=other)
    assert told.code == "plan-workspace"
    assert str(tmp_path / "other") in told.detail
    link = tmp_path / "link"
    (tmp_path / "one").mkdir()
    link.symlink_to(tmp_path / "one")
    assert bed.carried_out(saved, backend=open_backend("link", tmp_path, "prod"))


# -- the digest --------------------------------------------------------------------------------------------------------


def test_a_plan_has_its_digest_from_whoever_makes_it(bed: Bed) -> None:
    place = bed.place()
    planned = planned_by(making(), place, read_basis(place, None), {})
    assert planned.plan.digest == plan_digest(planned.plan, place.accounts)
    assert bed.save().plan.digest == planned.plan.digest


@pytest.mark.parametrize("length", [12, 40, 64])
def test_the_digest_that_is_expected(bed: Bed, length: int) -> None:
    digest = bed.save().plan.digest
    place = bed.place()
    assert expecting(digest[:length], making())(place, read_basis(place, None), {}).plan.refusals == ()


def test_another_digest_is_refused_with_all_that_there_is_to_see(bed: Bed) -> None:
    """The plan is there to be shown, and keeps the refusals of its own."""
    own = Diagnostic("guard-deletes", "Too many deletes")
    place = bed.place()
    planned = expecting("0" * 12, making(refusals=(own,)))(place, read_basis(place, None), {})
    assert [d.code for d in planned.plan.refusals] == ["guard-deletes", "digest-differs"]
    assert "0" * 12 in planned.plan.refusals[1].detail
    assert planned.plan.digest in planned.plan.refusals[1].detail
    assert planned.plan.changes == (change(),)


def test_the_base_is_that_of_the_state(bed: Bed) -> None:
    """The plan that these tests save is made as real ones are."""
    bed.record()
    assert bed.save().plan.base == Base(Store(bed.backend).latest().lineage, 1)
