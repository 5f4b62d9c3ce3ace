"""Which account of its platform a connection leads to: what a plan was made for, and what a record was made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """One account, as far as the settings of a connection tell, without secrets.

    ``site`` is the address of the platform's API, which may be renamed; ``tenant`` is the platform's own name for the
    account, which never is, empty where the settings do not hold it.
    """

    site: str
    tenant: str = ""

    def __str__(self) -> str:
        """Return both as people read them."""
        return f"{self.tenant} at {self.site}" if self.tenant else self.site
