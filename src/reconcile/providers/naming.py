"""What names an entry of the built-in providers, told from the entry as written, without models.

The kinds decide (``Kind.declare``); this is for those who cannot wait for models to be built, and a test holds the two
together. Entries that are wrong have no name, or one that leads nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Entry = Mapping[str, Any]


def schedule_name(entry: Entry) -> str:
    """Return ``recipe:NAME`` and the like; an id in its 18-character form; empty when nothing is named."""
    from reconcile.providers.crm_analytics.convert import long_id

    for asset in ("dataflow", "recipe", "data_sync"):
        if name := entry.get(asset):
            return f"{asset}:{name}"
    return f"id:{long_id(str(entry['id']))}" if entry.get("id") else ""


def configuration_name(entry: Entry) -> str:
    """Return ``TYPE:ID``, for a type under the name that the kind knows it by."""
    type_ = "table-to-table" if entry["type"] == "gbq-to-gbq" else entry["type"]
    return f"{type_}:{entry['id']}"


def reset_name(entry: Entry) -> str:
    """Return the workflow."""
    return str(entry["workflow"])


# (provider, section) -> the kind's name, and what names an entry.
NAMING: Mapping[tuple[str, str], tuple[str, Callable[[Entry], str]]] = {
    ("crm_analytics", "schedules"): ("schedule", schedule_name),
    ("tailer", "configurations"): ("configuration", configuration_name),
    ("tailer", "workflow_resets"): ("workflow_reset", reset_name),
}
