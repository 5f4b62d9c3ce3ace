"""The users of the simulated org: who calls, who changed what, and the queries about them.

Sources: help.salesforce.com "Query for User Information" (userinfo: keys H, the words of a refusal assumed); REST API
Developer Guide "Query" (shape, MALFORMED_QUERY, nextRecordsUrl: H) and Object Reference "User" (fields: H); public
issue threads for the words of INVALID_TYPE and INVALID_FIELD (M). Who set a schedule is shown nowhere.
"""

import re
from dataclasses import dataclass

from reconcile.sandbox.crm_auth import ORG_ID, USER_ID
from reconcile.sandbox.crm_call import CrmError, not_found
from reconcile.sandbox.crm_id import long_id, make_id, short_id
from reconcile.sandbox.switch import Switches
from reconcile.sandbox.wire import Call, Json, Reply, json_reply

PREFIX = "005"
PHOTO = "/img/userprofile/default_profile_45_v2.png"

# Salesforce names objects and fields in any case, and answers with the names that it knows.
_FIELDS = ("Id", "Name", "Username", "IsActive", "TimeZoneSidKey")
_SELECT = re.compile(r"\s*SELECT\s+(?P<fields>[\w\s,]+?)\s+FROM\s+(?P<type>\w+)(?:\s+WHERE\s+(?P<where>.+?))?\s*", re.I)
_IN = re.compile(r"Id\s+IN\s*\((?P<ids>\s*'[^']*'(?:\s*,\s*'[^']*')*\s*)\)", re.I)
_EQUALS = re.compile(r"Id\s*=\s*(?P<ids>'[^']*')", re.I)


@dataclass(slots=True)
class User:
    """One user of the org."""

    id: str
    name: str
    active: bool = True

    def as_json(self) -> Json:
        """Return the user as it is saved and as the admin endpoint shows it."""
        return {"id": self.id, "name": self.name, "active": self.active}


class People:
    """All users. The first is the one that every session belongs to; a user with a zone of its own is not simulated."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._users: dict[str, User] = {}
        self._cursors: dict[str, list[Json]] = {}
        self.restore([])

    def named(self, name: str) -> User:
        """Return the user with this name, a new one if there is none."""
        found = next((each for each in self._users.values() if each.name == name), None)
        return found or self._add(User(make_id(PREFIX, 100 + len(self._users)), name))

    def shown(self, user_id: str) -> Json:
        """Return a user as assets show who made and who last changed them; the caller for an empty id."""
        user = self._users[(user_id or USER_ID)[:15]]
        return {"id": user.id, "name": user.name, "profilePhotoUrl": PHOTO}

    def as_json(self) -> list[Json]:
        """Return all users."""
        return [user.as_json() for user in self._users.values()]

    def restore(self, saved: list[Json]) -> None:
        """Replace all users by what was saved; the caller is always there."""
        self._users, self._cursors = {}, {}
        self._add(User(long_id(USER_ID[:15]), "Integration User"))
        for each in saved:
            self._add(User(**each))

    def info(self, call: Call, *, is_known: bool) -> Reply:
        """Return what `/services/oauth2/userinfo` tells of the caller; refusals are 403 and one word (assumed)."""
        if not is_known:
            word = "Bad_OAuth_Token" if call.bearer() else "Missing_OAuth_Token"
            return Reply(403, word.encode(), {"content-type": "text/html;charset=UTF-8"})
        user, url = self._users[USER_ID[:15]], call.base_url()
        return json_reply(
            {
                "sub": f"https://login.salesforce.com/id/{ORG_ID}/{user.id}",
                "user_id": user.id,
                "organization_id": ORG_ID,
                "preferred_username": "integration@sandbox.example",
                "nickname": "integration",
                "name": user.name,
                "email": "integration@sandbox.example",
                "email_verified": True,
                "given_name": "Integration",
                "family_name": "User",
                "zoneinfo": self._switches["user_zone"],
                "photos": {"picture": f"{url}{PHOTO}", "thumbnail": f"{url}{PHOTO}"},
                "profile": f"{url}/{user.id}",
                "picture": f"{url}{PHOTO}",
                "urls": {"rest": f"{url}/services/data/v{{version}}/"},
                "active": user.active,
                "user_type": "STANDARD",
                "language": "en_US",
                "locale": "en_US",
                "utcOffset": -28800000,
                "updated_at": "2026-01-05T07:00:00Z",
            }
        )

    def query(self, text: str | None, version: str) -> Json:
        """Return the first records of a SOQL query about users; a CrmError for any other query."""
        found = _SELECT.fullmatch(text or "")
        if found is None:
            raise CrmError(400, "MALFORMED_QUERY", f"unexpected token: '{(text or '')[:40]}'")
        if found["type"].lower() == "userpermissionaccess":
            return self._permissions([each.strip() for each in found["fields"].split(",")])
        if found["type"].lower() != "user":
            raise CrmError(400, "INVALID_TYPE", f"sObject type '{found['type']}' is not supported.")
        fields = [_field(each.strip()) for each in found["fields"].split(",")]
        ids = None if found["where"] is None else _ids(found["where"])
        users = [user for key, user in self._users.items() if ids is None or key in ids]
        return self._part([self._record(user, fields, version) for user in users], 0, version)

    def more(self, locator: str, version: str) -> Json:
        """Return the next records of a query by the locator that the last answer ended with."""
        key, _, start = locator.partition("-")
        if key not in self._cursors or not start.isdigit():
            raise not_found()
        return self._part(self._cursors[key], int(start), version)

    def _permissions(self, fields: list[str]) -> Json:
        """Return the one record of the caller's permissions (Object Reference, "UserPermissionAccess": fields H)."""
        wrong = [each for each in fields if not each.startswith("Permissions")]
        if wrong:
            raise CrmError(400, "INVALID_FIELD", f"No such column '{wrong[0]}' on entity 'UserPermissionAccess'.")
        granted = {name: name in self._switches["crm_permissions"] for name in fields}
        record = {"attributes": {"type": "UserPermissionAccess"}, **granted}
        return {"totalSize": 1, "done": True, "records": [record]}

    def _part(self, records: list[Json], start: int, version: str) -> Json:
        end = start + self._switches["crm_query_records"]
        shown: Json = {"totalSize": len(records), "done": end >= len(records), "records": records[start:end]}
        if shown["done"]:
            return shown
        key = next((key for key, kept in self._cursors.items() if kept is records), None)
        if key is None:
            key = make_id("01g", len(self._cursors) + 1)
            self._cursors[key] = records
        return {**shown, "nextRecordsUrl": f"/services/data/{version}/query/{key}-{end}"}

    def _record(self, user: User, fields: list[str], version: str) -> Json:
        values: Json = {
            "Id": user.id,
            "Name": user.name,
            "Username": f"{user.id.lower()}@sandbox.example",
            "IsActive": user.active,
            "TimeZoneSidKey": self._switches["user_zone"],
        }
        url = f"/services/data/{version}/sobjects/User/{user.id}"
        return {"attributes": {"type": "User", "url": url}, **{name: values[name] for name in fields}}

    def _add(self, user: User) -> User:
        self._users[user.id[:15]] = user
        return user


def _field(given: str) -> str:
    known = next((name for name in _FIELDS if name.lower() == given.lower()), None)
    if known is None:
        message = f"No such column '{given}' on entity 'User', as far as this sandbox knows: {', '.join(_FIELDS)}"
        raise CrmError(400, "INVALID_FIELD", message)
    return known


def _ids(where: str) -> set[str]:
    found = _IN.fullmatch(where) or _EQUALS.fullmatch(where)
    if found is None:
        raise CrmError(400, "MALFORMED_QUERY", f"this sandbox knows WHERE Id = '...' and Id IN (...): '{where[:40]}'")
    ids: set[str] = set()
    for given in re.findall(r"'([^']*)'", found["ids"]):
        key = short_id(given)
        if key is None:
            raise CrmError(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {given}")
        ids.add(key)
    return ids
