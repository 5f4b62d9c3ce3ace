"""``drift --alert``: the real program, the simulators, and a place that catches what is sent."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from e2e.harness import World, recipe
from sinks.catcher import Catcher, catching
from sinks.mail import mailbox, text_of

PACK = "sales/schedule/recipe:Board_Pack"
CLOSE = "sales/schedule/recipe:Month_Close"
SECRET = "a-secret-of-some-length"
HOOK = '{type: webhook, name: hook, url: "${env.HOOK}", secret: "${env.HOOK_SECRET}"}'


def at(hour: int) -> dict[str, object]:
    return {"frequency": "daily", "time": {"hour": hour, "minute": 0, "timeZone": "UTC"}}


@pytest.fixture
def catcher() -> Iterator[Catcher]:
    with catching() as found:
        yield found


@pytest.fixture
def applied(world: World, catcher: Catcher) -> World:
    """Two recipes, applied; alerts go to the catcher."""
    world.env |= {"HOOK": catcher.url, "HOOK_SECRET": SECRET}
    with_alerts(world, f"sinks: [{HOOK}]")
    world.sales(recipe("Board_Pack"), recipe("Month_Close"))
    world.apply()
    return world


def with_alerts(world: World, alerts: str) -> None:
    world.workspace(top=f"alerts: {{{alerts}}}")


def alerted(world: World, code: int) -> Any:
    """Return what the document of ``drift --alert`` says of alerts."""
    result = world.run("drift", "--alert", "--format", "json")
    assert result.code == code, result
    return result.json["alerts"]


def test_nothing_to_say(applied: World, catcher: Catcher) -> None:
    """Nothing is sent, and nothing written."""
    assert alerted(applied, 0) == {"sent": [], "suppressed": [], "failed": []}
    assert catcher.caught == []
    assert not (applied.root / ".reconcile/default/alerts").exists()


def test_without_the_option_nobody_is_told(applied: World, catcher: Catcher) -> None:
    applied.by_hand("recipe", "Board_Pack", at(9))
    result = applied.run("drift", "--format", "json")
    assert (result.code, result.json["alerts"]) == (5, None)
    assert catcher.caught == []


def test_told_once_again_when_it_changes_and_once_when_it_is_over(applied: World, catcher: Catcher) -> None:
    """Every time another process, as in CI: what was told is in the state, and nowhere else."""
    applied.by_hand("recipe", "Board_Pack", at(9))
    for _ in range(3):
        assert applied.spawn("drift", "--alert").code == 5
    assert catcher.told == [("drift", PACK)]
    applied.by_hand("recipe", "Board_Pack", at(10))
    applied.by_hand("recipe", "Month_Close", at(10))
    for _ in range(2):
        assert applied.run("drift", "--alert").code == 5
    assert len(catcher.caught) == 2, "one message for both"
    assert catcher.told[1:] == [("drift", PACK), ("drift", CLOSE)]
    applied.apply()
    for _ in range(2):
        assert applied.run("drift", "--alert").code == 0
    assert sorted(catcher.told[3:]) == [("back-in-sync", PACK), ("back-in-sync", CLOSE)]


def test_the_signature_holds_and_no_secret_is_shown(applied: World, catcher: Catcher) -> None:
    applied.by_hand("recipe", "Board_Pack", at(9))
    result = applied.run("drift", "--alert", "-v", "--format", "json")
    (caught,) = catcher.caught
    signed = caught.headers["x-reconcile-timestamp"].encode() + b"." + caught.body
    digits = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert caught.headers["x-reconcile-signature"] == f"v1={digits}"
    kept = b"".join(path.read_bytes() for path in (applied.root / ".reconcile").rglob("*") if path.is_file())
    for secret in (SECRET, "s3cr3t-path"):
        assert secret not in result.out + result.err
        assert secret.encode() not in kept


def test_a_sink_that_is_down_is_a_warning_and_is_caught_up(applied: World, catcher: Catcher) -> None:
    """The exit code is that of the check; the sink that works is not told twice."""
    with_alerts(applied, f"sinks: [{HOOK}, {{type: json_lines, path: told.jsonl}}]")
    applied.by_hand("recipe", "Board_Pack", at(9))
    catcher.answers.append((403, {}))
    result = applied.run("drift", "--alert", "--format", "json")
    assert result.code == 5
    assert result.codes == ["alert-not-delivered"]
    (failed,) = result.json["alerts"]["failed"]
    assert (failed["sink"], failed["reason"]) == ("hook", "127.0.0.1: it answers 403 Forbidden")
    assert [each["sink"] for each in result.json["alerts"]["sent"]] == ["json_lines"]
    again = alerted(applied, 5)
    assert [each["sink"] for each in again["sent"]] == ["hook"]
    assert [(each["sink"], each["why"]) for each in again["suppressed"]] == [("json_lines", "told")]
    assert len((applied.root / "told.jsonl").read_text().splitlines()) == 1


def test_a_failed_check_is_told_and_ends_nothing(applied: World, catcher: Catcher) -> None:
    """What could not be looked at is not back in sync; what failed is told once, and that it works again."""
    applied.by_hand("recipe", "Board_Pack", at(9))
    alerted(applied, 5)
    applied.fault("status", method="GET", path="/wave/recipes", status=500)
    for _ in range(2):
        alerted(applied, 1)
    applied.clear_faults()
    alerted(applied, 5)
    assert catcher.told == [("drift", PACK), ("check-failed", "check"), ("check-restored", "check")]
    assert catcher.caught[1].json["level"] == "error"


def test_a_state_that_cannot_be_read_is_a_failed_check(applied: World, catcher: Catcher) -> None:
    """Told although the command ends with an error, and before it does."""
    (newest,) = sorted((applied.root / ".reconcile/default/state").iterdir())[-1:]
    newest.write_text("{")
    result = applied.run("drift", "--alert", "--format", "json")
    assert (result.code, result.codes) == (1, ["state-damaged"])
    assert catcher.told == [("check-failed", "check")]
    assert "state" in catcher.caught[0].json["alerts"][0]["details"][0]


def test_a_memory_that_cannot_be_read_keeps_nobody_in_the_dark(applied: World, catcher: Catcher) -> None:
    """Rather twice than never; and it is said."""
    applied.by_hand("recipe", "Board_Pack", at(9))
    alerted(applied, 5)
    (newest,) = sorted((applied.root / ".reconcile/default/alerts").iterdir())[-1:]
    newest.write_text("{")
    result = applied.run("drift", "--alert", "--format", "json")
    assert (result.code, result.codes) == (5, ["alerts-forgotten"])
    assert catcher.told == [("drift", PACK)] * 2


def test_a_memory_that_cannot_be_written_is_gone_by_all_the_same(applied: World, catcher: Catcher) -> None:
    """What it does know of is not told again."""
    applied.by_hand("recipe", "Board_Pack", at(9))
    alerted(applied, 5)
    folder = applied.root / ".reconcile/default/alerts"
    newest = max(int(path.stem) for path in folder.iterdir())
    for serial in (newest + 1, newest + 2):
        (folder / f"{serial:08}.json").mkdir()
    applied.by_hand("recipe", "Month_Close", at(9))
    result = applied.run("drift", "--alert", "--format", "json")
    assert (result.code, result.codes) == (5, ["alerts-forgotten"])
    assert catcher.told == [("drift", PACK), ("drift", CLOSE)]


def test_another_account_is_a_failed_check_and_nothing_is_gone(applied: World, catcher: Catcher) -> None:
    """Not an alarm for every object that the other account does not have."""
    names = [f"T_{number}" for number in range(6)]
    for name in names:
        applied.create("recipe", name, at(1))
    applied.sales(recipe("Board_Pack"), recipe("Month_Close"), *(recipe(name) for name in names))
    assert applied.run("apply", "--yes").code == 0
    for name in (*names, "Board_Pack", "Month_Close"):
        applied.remove_asset(name)
    result = applied.run("drift", "--alert", "--format", "json")
    assert (result.code, "guard-account" in result.codes) == (1, True)
    assert catcher.told == [("check-failed", "check")]


def test_one_check_says_nothing_of_another(applied: World, catcher: Catcher) -> None:
    """Also when what the other one selects is spelled like an address."""
    applied.fault("status", method="GET", path="/wave/recipes", status=500)
    alerted_of = ("drift", "--alert", "--select")
    assert applied.run(*alerted_of, PACK).code == 1
    applied.clear_faults()
    assert applied.run(*alerted_of, CLOSE).code == 0
    assert catcher.told == [("check-failed", f"check of {PACK}")]
    assert applied.run(*alerted_of, PACK).code == 0
    assert catcher.told[1:] == [("check-restored", f"check of {PACK}")]


def test_two_runners_at_once_tell_it_once(applied: World, catcher: Catcher) -> None:
    """Processes that share a folder: whoever claims it tells it, and the others leave it to him."""
    applied.by_hand("recipe", "Board_Pack", at(9))
    results: list[int] = []

    def check() -> None:
        results.append(applied.spawn("drift", "--alert").code)

    threads = [threading.Thread(target=check) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [5] * 4
    assert catcher.told == [("drift", PACK)]


def test_who_dies_before_noting_it_down_is_made_up_for(applied: World, catcher: Catcher) -> None:
    """At least once: the claim that he left keeps others silent until it runs out, and then it is sent again."""
    applied.by_hand("recipe", "Board_Pack", at(9))
    alerted(applied, 5)
    folder = applied.root / ".reconcile/default/alerts"
    claim, noted = sorted(folder.iterdir())
    noted.unlink()
    assert [each["why"] for each in alerted(applied, 5)["suppressed"]] == ["claimed"]
    assert catcher.told == [("drift", PACK)]
    document = json.loads(claim.read_bytes())
    document["sinks"]["hook"][PACK]["claim"]["until"] = "2020-01-01T00:00:00Z"
    claim.write_text(json.dumps(document))
    alerted(applied, 5)
    assert catcher.told == [("drift", PACK)] * 2


def test_of_what_is_not_selected_nothing_is_over(applied: World, catcher: Catcher) -> None:
    applied.by_hand("recipe", "Board_Pack", at(9))
    alerted(applied, 5)
    assert applied.run("drift", "--alert", "--select", CLOSE).code == 0
    assert catcher.told == [("drift", PACK)]


def test_sinks_that_print(applied: World) -> None:
    """Below the text; on stderr where stdout holds a document."""
    with_alerts(applied, "severity: [{level: error, objects: ['*Pack']}], sinks: [{type: stdout}]")
    applied.by_hand("recipe", "Board_Pack", at(9))
    text = applied.run("drift", "--alert")
    assert "Alerts: 1 sent to stdout.\nreconcile: 1 drifted\n" in text.out
    assert f"  error: {PACK} drifted" in text.out
    applied.by_hand("recipe", "Board_Pack", at(10))
    document = applied.run("drift", "--alert", "--format", "json")
    assert document.json["alerts"]["sent"][0]["occasion"] == "changed"
    assert f"{PACK} drifted (changed since)" in document.err


def test_by_mail(applied: World) -> None:
    """Through apprise, to a real server."""
    pytest.importorskip("apprise")
    with mailbox() as box:
        applied.env["MAIL"] = f"mailto://127.0.0.1:{box.port}/?from=r@example.org&to=ops@example.org&mode=insecure"
        with_alerts(applied, 'sinks: [{type: apprise, url: "${env.MAIL}", title: "{summary} in {environment}"}]')
        applied.by_hand("recipe", "Board_Pack", at(9))
        result = applied.spawn("drift", "--alert")
        assert result.code == 5, result
        (mail,) = box.mails
    assert mail["Subject"] == "1 drifted in default"
    assert f"{PACK} drifted" in text_of(mail)


def test_nobody_to_tell(applied: World) -> None:
    """Said before anything is looked at; without ``--alert`` nothing of it matters."""
    with_alerts(applied, "remind_after: 1h")
    assert applied.run("drift", "--alert", "--format", "json").codes == ["no-sinks"]
    with_alerts(applied, 'sinks: [{type: apprise, url: "${env.NOT_SET}"}]')
    assert applied.run("drift", "--alert", "--format", "json").codes == ["missing-variable"]
    assert applied.run("plan").code == 0
    assert applied.run("validate").code == 0
