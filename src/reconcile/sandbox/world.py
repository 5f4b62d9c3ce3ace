"""The simulated world: three platforms, one clock, one lock, and what can be done to all of it."""

import threading
from pathlib import Path

from starlette.applications import Starlette

from reconcile.sandbox.clock import Clock
from reconcile.sandbox.crm_analytics import CrmAnalytics
from reconcile.sandbox.fault import Faults
from reconcile.sandbox.log import RequestLog
from reconcile.sandbox.seed import SEEDS, plant
from reconcile.sandbox.store import FORMAT, Store
from reconcile.sandbox.switch import Switches
from reconcile.sandbox.tailer import Tailer
from reconcile.sandbox.tamr import Tamr
from reconcile.sandbox.wire import CRM_ANALYTICS, TAILER, Call, Json, Reply, dump


class Sandbox:
    """The state of all three platforms with faults, log, latency and switches.

    With a `state_dir` what it holds survives a restart (sessions, faults, latency, clock and log do not); the seed
    then counts only the first time. Everything that touches it while a server runs takes `lock`.
    """

    def __init__(self, state_dir: Path | None = None, seed: str = "example") -> None:
        if seed not in SEEDS:
            raise ValueError(f"seed must be one of: {', '.join(SEEDS)}")
        self.seed = seed
        self.lock = threading.RLock()
        self.clock = Clock()
        self.switches = Switches()
        self.faults = Faults()
        self.log = RequestLog()
        self.latency = 0.0
        """Seconds that every platform response is held back."""
        self.stopping = False
        """Set when the server goes down, so that hanging requests let go."""
        self._renew()
        self._store = Store(Path(state_dir), self._saved) if state_dir is not None else None
        saved = self._store.load() if self._store else None
        if saved is None:
            plant(seed, self.crm, self.tailer, self.tamr)
            self.touch()
        else:
            self._restore(saved)

    def app(self) -> Starlette:
        """Return the ASGI application: platforms, admin endpoints, human page."""
        from reconcile.sandbox.server import build_app

        return build_app(self)

    def handle(self, platform: str, call: Call) -> Reply:
        """Return a platform's answer to one request; the change it made, if any, is complete and noted."""
        simulators = {CRM_ANALYTICS: self.crm.handle, TAILER: self.tailer.handle}
        with self.lock:
            reply = simulators.get(platform, self.tamr.handle)(call)
            if reply.effect:
                self.touch()
        return reply

    def touch(self) -> None:
        """Note a change for saving."""
        if self._store is not None:
            self._store.touch()

    def set_switches(self, changes: Json) -> None:
        """Set switches, all or none; a ValueError lists what exists."""
        with self.lock:
            self.switches.update(changes)
            self.crm.assets.forget_shown()
            self.touch()

    def reset(self, seed: str | None = None) -> None:
        """Return to the beginning: a seed's state, default switches, real time, no faults, latency, log or sessions."""
        with self.lock:
            self.seed = seed or self.seed
            if self.seed not in SEEDS:
                raise ValueError(f"seed must be one of: {', '.join(SEEDS)}")
            self.switches.reset()
            self.clock.reset()
            self.faults.clear()
            self.log.clear()
            self.latency = 0.0
            self._renew()
            plant(self.seed, self.crm, self.tailer, self.tamr)
            self.touch()

    def state(self) -> Json:
        """Return everything the platforms hold, as JSON."""
        with self.lock:
            self.tamr.settle()
            self.tailer.model.settle()
            return {
                "crm_analytics": self.crm.as_json(),
                "tailer": self.tailer.model.as_json(),
                "tamr": self.tamr.as_json(),
            }

    def flush(self) -> None:
        """Write what is not saved yet."""
        if self._store is not None:
            self._store.flush()

    def _renew(self) -> None:
        self.crm = CrmAnalytics(self.switches, self.clock)
        self.tailer = Tailer(self.switches, self.clock)
        self.tamr = Tamr(self.switches, self.clock)

    def _saved(self) -> bytes:
        with self.lock:
            return dump({"format": FORMAT, "switches": self.switches.as_json(), **self.state()})

    def _restore(self, saved: Json) -> None:
        self.switches.restore(saved["switches"])
        self.crm.restore(saved["crm_analytics"])
        self.tailer.model.restore(saved["tailer"])
        self.tamr.restore(saved["tamr"])
