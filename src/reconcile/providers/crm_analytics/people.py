"""Who calls, and who is still there: what an org tells of its users."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reconcile.core.errors import BadAnswer
from reconcile.providers.crm_analytics.api import Api
from reconcile.providers.crm_analytics.convert import plain, short_id

# So many ids keep a query well below the 16 KB that an address may have.
USERS_AT_ONCE = 200


def zone_of(user_info: Mapping[str, Any]) -> str:
    """Return the IANA zone of the user that ``Api.user_info`` is about. Raises ``BadAnswer`` when it has none."""
    zone = user_info.get("zoneinfo")
    why = "it has no zone"
    if isinstance(zone, str):
        try:
            return ZoneInfo(zone).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            why = f'"{plain(zone)[:80]}" is no IANA time zone'
    raise BadAnswer(f"what the login tells of the user: {why}")


def inactive(api: Api, ids: Collection[str]) -> dict[str, str]:
    """Return the names of those of these users who are inactive, by their short id.

    Makes no call without any id. Users whom the caller may not see are left out.
    """
    asked = sorted(ids)
    found: dict[str, str] = {}
    for start in range(0, len(asked), USERS_AT_ONCE):
        for user in api.users(asked[start : start + USERS_AT_ONCE]):
            user_id, name = user.get("Id"), user.get("Name")
            if user.get("IsActive") is False and isinstance(user_id, str):
                found[short_id(user_id)] = plain(name) if isinstance(name, str) and name else f"user {user_id}"
    return found
