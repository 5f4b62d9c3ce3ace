"""A place in each cloud behind a proxy that loses answers, for the tests of what a network does to a state."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from reconcile.core.errors import StateError
from reconcile.state.cloud import CloudBackend
from reconcile.state.location import parse_location
from stores.proxy import Fault, Proxy, proxy

KEY = "state/00000001.json"
FETCHED = pytest.mark.timeout(600)
CLOUDS = ["s3", "gs", pytest.param("az", marks=FETCHED)]
CALLS: dict[str, Callable[[CloudBackend], object]] = {
    "create": lambda backend: backend.create(KEY, b"x"),
    "put": lambda backend: backend.put(KEY, b"x"),
    "read": lambda backend: backend.read(KEY),
    "list": lambda backend: backend.list("state"),
    "delete": lambda backend: backend.delete(KEY),
    "written_at": lambda backend: backend.written_at(KEY),
}
READS = ["read", "list", "written_at"]


@dataclass
class Bed:
    """A place behind a proxy. ``waited`` are the seconds between tries, which nobody waits for."""

    location: str
    between: Proxy
    environ: pytest.MonkeyPatch
    waited: list[float] = field(default_factory=list)

    def open(self, location: str = "") -> CloudBackend:
        return CloudBackend(parse_location(location or self.location), "prod", os.environ, sleep=self.waited.append)

    def fault(self, kind: str, method: str = "", path: str = "state", times: int = 1, **answer: object) -> None:
        self.between.faults.append(Fault(kind, method, path, times, **answer))  # type: ignore[arg-type]

    def asked(self, method: str, path: str = "state") -> int:
        return sum(each == method and path in where for each, where in self.between.seen)


@pytest.fixture
def bed(request: pytest.FixtureRequest, no_clouds: pytest.MonkeyPatch) -> Iterator[Bed]:
    scheme = request.param
    server = request.getfixturevalue({"s3": "s3_server", "gs": "gcs_server", "az": "azure_server"}[scheme])
    with proxy(server.url) as between:
        for name, value in server.environ.items():
            no_clouds.setenv(name, value.replace(server.url, between.url))
        yield Bed(server.fresh(), between, no_clouds)


def on(*clouds: object) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("bed", clouds or CLOUDS, indirect=True)


def refused(call: Callable[[], object]) -> tuple[str, str, str]:
    """Return code, detail and hint of the one error that a call ends with."""
    with pytest.raises(StateError) as caught:
        call()
    (diagnostic,) = caught.value.diagnostics
    assert "\n" not in diagnostic.detail
    assert len(diagnostic.detail) < 500
    assert diagnostic.hint
    return diagnostic.code, diagnostic.detail, diagnostic.hint


def xml(code: str, message: str, more: str = "") -> str:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>"
