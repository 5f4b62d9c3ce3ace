"""Refusals of the Tamr simulator, and how they look."""

from collections.abc import Mapping

from reconcile.sandbox.wire import Json, Reply, json_reply

_GRPC = {400: 3, 401: 16, 404: 5, 409: 10, 429: 8, 501: 12}
"""HTTP status -> gRPC code, by the mapping of tamr.md 1.7 (A)."""


class TamrError(Exception):
    """A refusal with its HTTP status."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers

    def reply(self, style: str) -> Reply:
        """Return the response, `documented` (1.7, A) or as a plain gRPC `gateway` writes it (1.7, B)."""
        gateway: Json = {"code": _GRPC[self.status], "message": str(self), "details": []}
        body = gateway if style == "gateway" else {"statusCode": self.status, "message": str(self)}
        return json_reply(body, self.status, headers=self.headers)
