"""As much of GitHub's API as the action uses, over HTTP: comments, issues, pulls of a commit, artifacts."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "acme/platforms"
TOKEN = "ghs_token-of-the-job"


@dataclass
class GitHub:
    """What the repository holds, and every call as (method, path)."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    archives: dict[int, bytes] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    is_moved: bool = False  # the repository has another name: whoever asks is sent on

    def artifact(self, plan: bytes, head: str, **more: Any) -> None:
        """Add an artifact that holds a plan, of a run in this repository unless told otherwise."""
        number = len(self.artifacts) + 1
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("plan.json", plan)
        self.archives[number] = packed.getvalue()
        run = {"head_sha": head, "repository_id": 1, "head_repository_id": 1, **more.pop("run", {})}
        found = {"id": number, "name": f"reconcile-plan-{head}", "expired": False, "created_at": f"2026-01-0{number}"}
        self.artifacts.append({**found, "workflow_run": run, **more})

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        """Return what the API answers; ``LookupError`` is a 404."""
        match [method, *path.split("/")]:
            case ["GET", "issues", _, "comments"]:
                return paged(self.comments, query)
            case ["POST", "issues", number, "comments"]:
                made = {"id": len(self.comments) + 1, "user": {"type": "Bot"}, "issue": number, **body}
                self.comments.append(made)
                return made
            case ["PATCH", "issues", "comments", number]:
                return changed(self.comments, "id", number, body)
            case ["GET", "issues"]:
                label = query["labels"][0]
                return paged([i for i in self.issues if i["state"] == "open" and label in i["labels"]], query)
            case ["POST", "issues"]:
                made = {"number": len(self.issues) + 1, "state": "open", **body}
                self.issues.append(made)
                return made
            case ["PATCH", "issues", number]:
                return changed(self.issues, "number", number, body)
            case ["GET", "commits", _, "pulls"]:
                return self.pulls
            case ["GET", "actions", "artifacts"]:
                return {"artifacts": paged([a for a in self.artifacts if a["name"] == query["name"][0]], query)}
        raise LookupError(path)


def paged(items: list[dict[str, Any]], query: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Return the page that is asked for."""
    size, page = int(query["per_page"][0]), int(query["page"][0])
    return items[size * (page - 1) : size * page]


def changed(items: list[dict[str, Any]], key: str, number: str, body: Any) -> Any:
    """Change an item."""
    (found,) = (item for item in items if item[key] == int(number))
    found.update(body)
    return found


@contextmanager
def github() -> Iterator[GitHub]:
    """Yield a GitHub that listens on loopback."""
    world = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            if parts.path.startswith("/storage/"):
                # Elsewhere, with a right of its own: our token must not get here.
                assert "Authorization" not in self.headers
                self.reply(200, world.archives[int(parts.path.rsplit("/", 1)[1])])
                return
            assert self.headers["Authorization"] == f"Bearer {TOKEN}"
            path = parts.path.removeprefix(f"/repos/{REPOSITORY}/")
            world.calls.append((self.command, path))
            if world.is_moved:
                self.send_response(307)
                self.send_header("Location", f"{world.url}/repositories/1/{path}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if path.endswith("/zip"):
                self.send_response(302)
                self.send_header("Location", f"{world.url}/storage/{path.split('/')[2]}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            try:
                found = world.answer(self.command, path, parse_qs(parts.query), body)
            except LookupError:
                self.reply(404, b"{}")
                return
            self.reply(201 if self.command == "POST" else 200, json.dumps(found).encode())

        def reply(self, status: int, data: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    world.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
