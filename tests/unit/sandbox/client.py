"""A small client for the tests: it knows the URLs and nothing of the product."""

from typing import Any

import httpx

V = "/services/data/v60.0/wave"
JOBS = f"{V}/dataflowjobs"
RECIPES, DATAFLOWS, CONNECTORS = f"{V}/recipes", f"{V}/dataflows", f"{V}/dataConnectors"
WEEKLY = {
    "frequency": "Weekly",
    "daysOfWeek": ["Monday", "Thursday"],
    "time": {"hour": 0, "minute": 45, "timeZone": "America/Los_Angeles"},
}
DEV = {"account": "000099", "environment": "DEV"}
TABLE = {**DEV, "configuration_type": "table-to-table", "configuration_id": "000099_Load_PDA_f_traffic_ma_DEV"}
PREPARE = {**TABLE, "configuration_id": "000099_iowa_liquor_prepare_pda_DEV"}
PREPARE_JOB = "gbq-to-gbq|000099_iowa_liquor_prepare_pda_DEV"
WORKFLOW = {**DEV, "configuration_type": "workflow", "configuration_id": "000099-iowa-liquor-load-pda"}


class Api:
    """The admin endpoints and all three platforms, with valid credentials."""

    def __init__(self, http: httpx.Client, jwt: str) -> None:
        self.http = http
        self.jwt = jwt

    # admin

    def admin(self, method: str, path: str, body: object = None) -> Any:
        """Return the JSON of an admin call that must succeed."""
        response = self.http.request(method, f"/_sandbox/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def switch(self, **values: object) -> None:
        self.admin("PATCH", "switches", values)

    def fault(self, **rule: object) -> None:
        self.admin("POST", "faults", rule)

    def log(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.admin("GET", "log")["entries"]
        return entries

    def at(self, moment: str) -> None:
        self.admin("PUT", "clock", {"now": moment})

    def create(self, asset_type: str, name: str, schedule: object = None, **more: object) -> str:
        body = {"type": asset_type, "name": name, "schedule": schedule, **more}
        created: str = self.admin("POST", "crm/assets", body)["assets"][0]["id"]
        return created

    # CRM Analytics

    def crm(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str = "sandbox-access-token",
        encoded: bool = False,
        headers: dict[str, str] | None = None,
        content: str | None = None,
    ) -> httpx.Response:
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        if not encoded:
            sent["X-Chatter-Entity-Encoding"] = "false"
        if content is not None:
            sent["Content-Type"] = "application/json"
        sent |= headers or {}
        return self.http.request(method, path, headers=sent, json=body, content=content)

    def id_of(self, name: str) -> str:
        for asset in self.admin("GET", "state")["crm_analytics"]["assets"]:
            if asset["name"] == name:
                return str(asset["id"])
        raise LookupError(name)

    def schedule_path(self, name: str) -> str:
        return f"{V}/asset/{self.id_of(name)}/schedule"

    def put(self, name: str, body: object) -> httpx.Response:
        return self.crm("PUT", self.schedule_path(name), body)

    def get(self, name: str) -> Any:
        response = self.crm("GET", self.schedule_path(name))
        assert response.status_code == 200, response.text
        return response.json()

    def listed(self, path: str, name: str, *, encoded: bool = False) -> Any:
        """Return an asset as its list shows it."""
        answer = self.crm("GET", path, encoded=encoded).json()
        items = next(value for value in answer.values() if isinstance(value, list))
        return next(each for each in items if each["name"] == name)

    # jobs of CRM Analytics

    def pass_time(self, seconds: float) -> None:
        self.admin("PUT", "clock", {"advance": seconds})

    def start(self, name: str, asset_type: str = "recipe") -> httpx.Response:
        """Start a recipe (through its target dataflow) or a dataflow."""
        asset = next(
            each
            for each in self.admin("GET", "state")["crm_analytics"]["assets"]
            if (each["type"], each["name"]) == (asset_type, name)
        )
        body = {"dataflowId": asset.get("targetDataflowId", asset["id"]), "command": "start"}
        return self.crm("POST", JOBS, body)

    def started(self, name: str, asset_type: str = "recipe") -> str:
        """Return the id of a job just started."""
        return str(self.start(name, asset_type).json()["id"])

    def job(self, job_id: str) -> Any:
        response = self.crm("GET", f"{JOBS}/{job_id}")
        assert response.status_code == 200, response.text
        return response.json()

    def jobs(self, query: str = "") -> Any:
        response = self.crm("GET", f"{JOBS}?{query}" if query else JOBS)
        assert response.status_code == 200, response.text
        return response.json()["dataflowJobs"]

    def script(self, **given: object) -> None:
        """Set how the jobs of one asset go."""
        name = str(given.pop("of"))
        self.admin("PUT", "crm/outcomes", {name: given or None})

    # Tailer and Tamr

    def launch(self, **identity: object) -> str:
        """Return the id of a run just launched, of the operation that the example's workflow waits for."""
        body = {"action": "launch_job", **PREPARE, **identity}
        response = self.tailer("/v1/dag/launch", body)
        assert response.status_code == 200, response.text
        return str(response.json()["run_id"])

    def status(self, action: str, **body: object) -> httpx.Response:
        return self.tailer("/v1/dag/status", {"action": action, **PREPARE, **body})

    def run(self, run_id: str, **identity: object) -> Any:
        """Return the row of a run."""
        response = self.status("check_run_status", run_id=run_id, **identity)
        assert response.status_code == 200, response.text
        return response.json()["results"][0]

    def tailer(self, path: str, body: object, token: str | None = None) -> httpx.Response:
        return self.http.post(path, json=body, headers={"Authorization": f"Bearer {token or self.jwt}"})

    def flags(self, activated: object = False, archived: object = False, **identity: object) -> httpx.Response:
        body = {"action": "set_configuration_status", "activated": activated, "archived": archived, **TABLE, **identity}
        return self.tailer("/v1/configuration/status", body)

    def configuration(self, id_: object = TABLE["configuration_id"]) -> Any:
        found = self.admin("GET", "state")["tailer"]["configurations"]
        return next(each for each in found if each["id"] == id_)

    def workflow(self) -> Any:
        found = self.admin("GET", "state")["tailer"]["workflows"]
        return next(each for each in found if each["key"][3] == WORKFLOW["configuration_id"])

    def tamr(self, method: str, path: str, body: object = None) -> httpx.Response:
        return self.http.request(method, f"/api/v1beta1/{path}", json=body, headers={"X-API-KEY": "apk_sandbox"})
