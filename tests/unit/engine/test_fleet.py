"""Many at once, a bounded number at a time; and readers that are lent, not given."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Barrier, Lock

import pytest

from reconcile.core.redact import Redactor
from reconcile.engine.events import unheard
from reconcile.engine.fleet import Lending, each_of
from reconcile.engine.link import Outside, open_readers
from reconcile.engine.place import Place
from reconcile.library.compose import place_of, read_files
from reconcile.library.origin import origin_of

YAML = """\
version: 1
connections:
  sales:
    provider: crm_analytics
    instance_url: http://127.0.0.1:9
    auth: {{method: client_credentials, client_id: app, client_secret: "{secret}"}}
"""


@pytest.mark.parametrize("width", [1, 3])
def test_results_are_in_the_order_of_the_items_and_every_end_is_told(width: int) -> None:
    told: list[int] = []
    assert each_of(lambda item: item * 2, [3, 1, 2], width, told.append) == [6, 2, 4]
    assert sorted(told) == [1, 2, 3]


def test_no_more_than_so_many_at_a_time() -> None:
    running, most, lock = 0, 0, Lock()
    together = Barrier(3, timeout=20)

    def one(item: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait()
        with lock:
            running -= 1
        return item

    assert each_of(one, range(9), 3, lambda _: None) == list(range(9))
    assert most == 3


def place(folder: Path, secret: str) -> Place:
    folder.mkdir()
    (folder / "reconcile.yaml").write_text(YAML.format(secret=secret))
    (folder / "sales.yaml").write_text("schedules: []\n")
    config = read_files(folder, None, {})
    outside = Outside(unheard, Redactor(), os.environ)
    return place_of(config, outside, origin_of("test", {}, None))


def test_equal_connections_share_a_reader_and_another_secret_does_not(tmp_path: Path) -> None:
    places = [
        place(tmp_path / name, secret) for name, secret in (("a", "one-secret"), ("b", "one-secret"), ("c", "other"))
    ]
    with Lending(unheard, os.environ) as lending:
        links = [each.links["sales"] for each in places]
        readers = [lending.reader(each.provider, each.name, each.settings) for each in links]
        assert readers[0] is readers[1]
        assert readers[0] is not readers[2]
        assert "one-secret" not in repr(links) + repr(lending.redactor)


def test_what_is_lent_cannot_be_closed_by_a_workspace(tmp_path: Path) -> None:
    found = place(tmp_path / "a", "one-secret")
    with Lending(unheard, os.environ) as lending:
        lent = lending.lent(found)
        with open_readers(lent.links, lent.outside) as readers:
            reader = readers["sales"]
        # Closed by the workspace: of the shared reader that is nothing.
        assert reader.read(()).by_address == {}
        assert not hasattr(reader, "send")
