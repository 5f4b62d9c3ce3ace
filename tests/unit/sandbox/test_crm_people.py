"""The users of the simulated org: who calls, who changed an asset last, and the queries about them."""

from __future__ import annotations

import pytest

from reconcile.sandbox import Sandbox

from .client import CONNECTORS, DATAFLOWS, RECIPES, Api

USER_INFO, QUERY = "/services/oauth2/userinfo", "/services/data/v60.0/query"
ANN = {"Ann Example": {"active": False, "assets": ["recipe:Board_Pack", "SFDC_LOCAL"]}}


def query(api: Api, text: str | None) -> tuple[int, object]:
    """Return status and body of a query."""
    params = {} if text is None else {"q": text}
    path = str(api.http.build_request("GET", QUERY, params=params).url.raw_path, "ascii")
    response = api.crm("GET", path)
    return response.status_code, response.json()


def ids(api: Api) -> dict[str, str]:
    return {each["name"]: each["id"] for each in api.admin("GET", "crm/users")["users"]}


def test_userinfo_tells_the_zone_of_the_one_who_calls(api: Api) -> None:
    """The user that the token endpoint names, with the zone that a PUT without one gets."""
    api.switch(user_zone="Europe/Paris")
    told = api.crm("GET", USER_INFO).json()
    assert told["zoneinfo"] == "Europe/Paris"
    assert told["user_id"] == ids(api)["Integration User"]
    assert told["active"] is True
    granted = api.http.post(
        "/services/oauth2/token",
        data={"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "sandbox-secret"},
    ).json()
    assert granted["id"].endswith(f"/{told['organization_id']}/{told['user_id']}")


@pytest.mark.parametrize(("token", "word"), [("", "Missing_OAuth_Token"), ("wrong", "Bad_OAuth_Token")])
def test_userinfo_refuses_with_one_word(api: Api, token: str, word: str) -> None:
    response = api.crm("GET", USER_INFO, token=token)
    assert (response.status_code, response.text) == (403, word)


def test_userinfo_is_no_call_of_the_api(api: Api) -> None:
    before = api.crm("GET", DATAFLOWS).headers["sforce-limit-info"]
    assert "sforce-limit-info" not in api.crm("GET", USER_INFO).headers
    after = api.crm("GET", DATAFLOWS).headers["sforce-limit-info"]
    assert int(after.split("=")[1].split("/")[0]) == int(before.split("=")[1].split("/")[0]) + 1


def test_lists_show_who_made_and_who_last_changed_an_asset(api: Api) -> None:
    for path, name in ((RECIPES, "Board_Pack"), (DATAFLOWS, "Opportunities"), (CONNECTORS, "SFDC_LOCAL")):
        shown = api.listed(path, name)
        assert shown["createdBy"] == shown["lastModifiedBy"]
        assert shown["createdDate"] == shown["lastModifiedDate"]
        assert set(shown["createdBy"]) == {"id", "name", "profilePhotoUrl"}
    api.admin("PUT", "crm/users", ANN)
    shown = api.listed(RECIPES, "Board_Pack")
    assert shown["createdBy"]["name"] == "Integration User"
    assert shown["lastModifiedBy"]["name"] == "Ann Example"
    assert shown["lastModifiedDate"] > shown["createdDate"]
    assert api.listed(CONNECTORS, "SFDC_LOCAL")["lastModifiedBy"]["id"] == ids(api)["Ann Example"]


def test_setting_a_schedule_does_not_change_who_last_changed_the_asset(api: Api) -> None:
    """In a capture a recipe with a schedule was last changed when it was made."""
    api.admin("PUT", "crm/users", ANN)
    assert api.put("Board_Pack", {"frequency": "daily", "time": {"hour": 1, "minute": 0}}).status_code == 200
    assert api.listed(RECIPES, "Board_Pack")["lastModifiedBy"]["name"] == "Ann Example"


def test_a_user_is_made_once_and_may_come_back(api: Api) -> None:
    api.admin("PUT", "crm/users", ANN)
    before = ids(api)
    users = api.admin("PUT", "crm/users", {"Ann Example": {"active": True}, "Bob": {}})["users"]
    assert {each["name"]: each["active"] for each in users} == {
        "Integration User": True,
        "Ann Example": True,
        "Bob": True,
    }
    assert ids(api)["Ann Example"] == before["Ann Example"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"Ann": {"active": "no"}}, 400),
        ({"Ann": {"zone": "UTC"}}, 400),
        ({"Ann": {"assets": ["recipe:Nobody"]}}, 404),
        ({"Ann": 5}, 400),
        (None, 400),
    ],
)
def test_a_wrong_call_of_the_admin_changes_nothing(api: Api, body: object, status: int) -> None:
    assert api.http.put("/_sandbox/crm/users", json=body).status_code == status
    assert list(ids(api)) == ["Integration User"]


def test_a_query_about_users(api: Api) -> None:
    api.admin("PUT", "crm/users", ANN)
    ann, me = ids(api)["Ann Example"], ids(api)["Integration User"]
    status, told = query(api, f"SELECT Id, Name, IsActive FROM User WHERE Id IN ('{ann}', '{me[:15]}')")
    assert status == 200
    assert told == {
        "totalSize": 2,
        "done": True,
        "records": [
            {
                "attributes": {"type": "User", "url": f"/services/data/v60.0/sobjects/User/{each}"},
                "Id": each,
                "Name": name,
                "IsActive": active,
            }
            for each, name, active in ((me, "Integration User", True), (ann, "Ann Example", False))
        ],
    }
    assert query(api, f"select timezonesidkey from user where id = '{me}'")[1] == {
        "totalSize": 1,
        "done": True,
        "records": [
            {
                "attributes": {"type": "User", "url": f"/services/data/v60.0/sobjects/User/{me}"},
                "TimeZoneSidKey": "America/Los_Angeles",
            }
        ],
    }


def test_nobody_has_an_id_that_is_no_users(api: Api) -> None:
    assert query(api, "SELECT Id FROM User WHERE Id = '0055e000000zzzz'")[1] == {
        "totalSize": 0,
        "done": True,
        "records": [],
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "MALFORMED_QUERY"),
        ("DELETE FROM User", "MALFORMED_QUERY"),
        ("SELECT Id FROM User WHERE Name LIKE 'A%'", "MALFORMED_QUERY"),
        ("SELECT Id FROM User WHERE Id IN ()", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account", "INVALID_TYPE"),
        ("SELECT Id, Shoes FROM User", "INVALID_FIELD"),
        ("SELECT Id FROM User WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR"),
    ],
)
def test_any_other_query_is_refused(api: Api, text: str | None, code: str) -> None:
    status, told = query(api, text)
    assert status == 400
    assert isinstance(told, list)
    assert [each["errorCode"] for each in told] == [code]


def test_a_query_goes_on_at_an_address_of_its_own(api: Api) -> None:
    api.switch(crm_query_records=2)
    api.admin("PUT", "crm/users", {name: {} for name in ("Ann", "Bob", "Cy", "Di")})
    status, told = query(api, "SELECT Name FROM User")
    found: list[str] = []
    while True:
        assert isinstance(told, dict)
        found += [each["Name"] for each in told["records"]]
        assert told["totalSize"] == 5
        if told["done"]:
            break
        told = api.crm("GET", told["nextRecordsUrl"]).json()
    assert (status, found) == (200, ["Integration User", "Ann", "Bob", "Cy", "Di"])
    assert "nextRecordsUrl" not in told
    assert api.crm("GET", f"{QUERY}/01gnobody-2").status_code == 404


def test_a_query_needs_a_session_and_the_right_method(api: Api) -> None:
    assert api.crm("GET", QUERY, token="wrong").status_code == 401
    assert api.crm("POST", QUERY, {}).status_code == 405


def test_users_outlive_a_restart(api: Api, sandbox: Sandbox) -> None:
    api.admin("PUT", "crm/users", ANN)
    saved = sandbox.crm.as_json()
    sandbox.reset("empty")
    assert list(ids(api)) == ["Integration User"]
    sandbox.crm.restore(saved)
    assert api.listed(RECIPES, "Board_Pack")["lastModifiedBy"]["name"] == "Ann Example"
    del saved["users"]
    for asset in saved["assets"]:
        asset.pop("modifiedBy", None)
    sandbox.crm.restore(saved)
    assert list(ids(api)) == ["Integration User"], "what an older version saved has no users"
