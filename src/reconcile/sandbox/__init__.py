"""Simulators of CRM Analytics, Tailer and Tamr Cloud in one process on loopback.

`Sandbox` is the simulated world, `Server` puts it on a socket, `environment` says how a workspace reaches it. The
package imports nothing of `reconcile`: a misreading of a platform cannot be made twice and cancel out.
"""

from reconcile.sandbox.server import Server, environment
from reconcile.sandbox.world import Sandbox

__all__ = ["Sandbox", "Server", "environment"]
