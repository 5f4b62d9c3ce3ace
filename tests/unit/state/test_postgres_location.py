"""What a URL of a database says, and that its password is in nothing that is shown."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from reconcile.core.errors import StateError
from reconcile.state.backend import open_backend
from reconcile.state.postgres import location_of, open_postgres, secrets_in

SECRET = "open/sesame@noon"
SPELT = "open%2Fsesame%40noon"


@pytest.mark.parametrize(
    ("text", "shown", "schema"),
    [
        ("postgresql://kim@db.example:5433/ops", "postgresql://kim@db.example:5433/ops", "reconcile"),
        ("postgres://kim@db.example/ops", "postgresql://kim@db.example/ops", "reconcile"),
        ("postgresql://db.example/ops?schema=team_a&sslmode=require", "postgresql://db.example/ops", "team_a"),
        (f"postgresql://kim:{SPELT}@db.example/ops", "postgresql://kim@db.example/ops", "reconcile"),
        (f"postgresql://db.example/ops?user=kim&password={SPELT}", "postgresql://db.example/ops", "reconcile"),
        ("postgresql://a,b:5433/ops?target_session_attrs=read-write", "postgresql://a,b:5433/ops", "reconcile"),
        ("postgresql://[::1]:5433/ops", "postgresql://[::1]:5433/ops", "reconcile"),
        ("postgresql:///ops?host=/run/postgresql", "postgresql:///ops", "reconcile"),
    ],
)
def test_what_is_shown_is_who_and_where(text: str, shown: str, schema: str) -> None:
    found = location_of(text)
    assert (found.shown, found.schema) == (shown, schema)
    assert found.table == f"{schema}.reconcile_state"
    for word in (SECRET, SPELT):
        assert word not in f"{found!r}{found.shown}{found.url}"
    assert "schema=" not in found.url, "libpq knows no such parameter"


def test_a_password_is_what_it_stands_for() -> None:
    assert location_of(f"postgresql://kim:{SPELT}@db/ops").secrets == {"password": SECRET}
    assert location_of(f"postgresql://db/ops?sslpassword={SPELT}").secrets == {"sslpassword": SECRET}
    assert set(secrets_in(f"postgresql://kim:{SPELT}@db/ops")) == {SECRET, SPELT}
    assert location_of(f"postgresql://kim:{SPELT}@db/ops").hide(f"a {SECRET} b {SPELT}") == "a *** b ***"


@pytest.mark.parametrize("text", [".reconcile", "s3://bucket/x", "postgresql://kim@db/ops"])
def test_where_there_is_no_password_there_is_no_secret(text: str) -> None:
    assert secrets_in(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "postgresql:kim:sesame@db/ops",
        "postgresql://kim:ses/ame@db/ops",
        "postgresql://kim:sesame@db/ops/more",
        "postgresql://kim:sesame@db/ops#sesame",
        "postgresql://kim:sesame@db/ops?schema=a b",
        "postgresql://kim:sesame@db/ops?schema=" + "x" * 64,
        "postgresql://kim:sesame@db/ops?schema=50%25",
        "postgresql://kim:sesame@db/ops?foo=1",
        "postgresql://kim:sesame@[::1/ops",
        "postgresql://kim:sesame@db/ops?connect_timeout=1&&=",
    ],
)
def test_what_is_no_location_is_said_without_repeating_it(text: str) -> None:
    with pytest.raises(StateError) as caught:
        open_postgres(text, "prod", {})
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "state-location"
    assert "postgresql://USER@HOST:PORT/DATABASE" in diagnostic.hint
    assert "PGPASSWORD" in diagnostic.hint
    assert "sesame" not in str(caught.value)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StateError) as caught:
        open_backend("postgresql://kim@db/ops", tmp_path, "prod")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "state-library"
    assert diagnostic.hint == "pip install 'reconcile[postgresql]'"
    open_backend(".reconcile", tmp_path, "prod")
