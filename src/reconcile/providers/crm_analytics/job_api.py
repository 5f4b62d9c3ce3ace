"""CRM Analytics' endpoints for jobs: what is asked, and what an answer must look like to be believed."""

from __future__ import annotations

import re

from reconcile.core.errors import BadAnswer, ObjectNotFound
from reconcile.core.request import Request
from reconcile.providers.crm_analytics.api import Api, Payload, object_of, with_ids
from reconcile.providers.crm_analytics.convert import short_id
from reconcile.providers.crm_analytics.job_convert import REQUEST_PREFIX
from reconcile.providers.http import WriteClient


class JobApi(Api):
    """Calls about jobs on one org. ``base`` is ``/services/data/v60.0``. Nothing is sent twice, and nothing waits."""

    def __init__(self, client: WriteClient, base: str) -> None:
        super().__init__(client, base)
        self._client: WriteClient = client
        self._jobs = f"{base}/wave/dataflowjobs"

    def start_request(self, dataflow_id: str) -> Request:
        """Return the call that runs a dataflow; a recipe is run through its target dataflow. Source: page 3."""
        return Request("POST", self._jobs, {"dataflowId": dataflow_id, "command": "start"}, repeatable=False)

    def sync_request(self, connector_id: str) -> Request:
        """Return the call that syncs a data connection. Source: page 3."""
        return Request("POST", f"{self._base}/wave/dataConnectors/{connector_id}/ingest", {}, repeatable=False)

    def send(self, request: Request) -> Payload:
        """Make the call and return what it answers; empty when it answers nothing."""
        answer = self._client.send(request)
        return object_of(answer) if answer.text.strip() else {}

    def stop(self, job_id: str) -> Payload:
        """Ask for a job to be stopped and return it as it is answered, empty when it is not. Source: page 3."""
        try:
            return self.send(Request("PATCH", self._job_path(job_id), {"command": "stop"}))
        except BadAnswer:  # it was taken, whatever was said to it
            return {}

    def job(self, job_id: str) -> Payload:
        """Return one job. Raises ``ObjectNotFound``."""
        answer = self._client.get(self._job_path(job_id))
        body = object_of(answer)
        if not body.get("id"):
            raise BadAnswer(f"{answer.place}: a job without an id", status=answer.status)
        if short_id(str(body["id"])) != short_id(job_id) and not job_id.startswith(REQUEST_PREFIX):
            raise BadAnswer(f"{answer.place}: the answer is about another job", status=answer.status)
        return body

    def nodes(self, job_id: str) -> tuple[Payload, ...]:
        """Return the nodes of a job; for an id that begins with 030 the platform shows none. Source: page 2.2."""
        path = f"{self._job_path(job_id)}/nodes"
        return tuple(node for page in self._pages(path, {}) for node in with_ids(page, "nodes", f"GET {path}"))

    def node(self, job_id: str, node_id: str) -> Payload:
        """Return one node of a job. Raises ``ObjectNotFound``."""
        return object_of(self._client.get(f"{self._job_path(job_id)}/nodes/{checked_id(node_id, 'node')}"))

    def wave_limits(self) -> tuple[Payload, ...]:
        """Return the limits of CRM Analytics. Source: page 2.4."""
        path = f"{self._base}/wave/limits"
        limits = object_of(self._client.get(path)).get("limits")
        if not isinstance(limits, list):
            raise BadAnswer(f'GET {path}: expected a list "limits", found {type(limits).__name__}')
        return tuple(limit for limit in limits if isinstance(limit, dict))

    def _job_path(self, job_id: str) -> str:
        return f"{self._jobs}/{checked_id(job_id, 'job')}"


def checked_id(text: str, what: str) -> str:
    """Return the id, which can become no other path than its own. Raises ``ObjectNotFound`` when it is none."""
    if not re.fullmatch(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?", text):
        raise ObjectNotFound(
            f'there is no {what} "{text}"', hint=f"a {what} id has 15 or 18 letters and digits", code="no-id"
        )
    return text
