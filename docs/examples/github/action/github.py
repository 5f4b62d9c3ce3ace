"""What the action says on GitHub: one comment on a pull request, one issue for drift; and the plan that was reviewed.

Python's standard library only. Usage: ``github.py comment NUMBER FILE``, ``github.py issue CODE FILE``,
``github.py fetch-plan FILE``; the rest is in the variables that every job has, and ``GITHUB_TOKEN``.
"""

from __future__ import annotations

import io
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# In the text and not shown, so that ours is found again whoever else comments.
MARK = "<!-- reconcile -->"
LABEL = "reconcile-drift"
TITLE = "Drift: the platform is not what the files say"
LONGEST = 65_000
PLAN = "plan.json"
DRIFT, IN_SYNC = "5", "0"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Lets nothing follow a redirect by itself: artifacts are elsewhere, where our token has no business."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nothing."""
        return


_OPENER = urllib.request.build_opener(NoRedirect)


def call(method: str, path: str, body: object = None) -> Any:
    """Return what the API answers, as JSON; the address of an artifact, which is elsewhere, as text."""
    base = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    request = urllib.request.Request(  # noqa: S310 - the API's own address
        f"{base}/repos/{os.environ['GITHUB_REPOSITORY']}/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "Content-Type": "application/json",
        },
    )
    try:
        with _OPENER.open(request, timeout=30) as answer:
            text = answer.read()
            return json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        if error.code == 302 and method == "GET":
            return error.headers["Location"]
        raise SystemExit(f"::error::{method} {path}: {error.code} {error.reason}") from None
    except OSError as error:
        raise SystemExit(f"::error::{method} {path}: no answer: {error}") from None


def every(path: str, key: str = "") -> Iterator[Any]:
    """Yield the items of all pages of a list."""
    page = 1
    while True:
        found = call("GET", f"{path}{'&' if '?' in path else '?'}per_page=100&page={page}")
        items = found[key] if key else found
        yield from items
        if len(items) < 100:
            return
        page += 1


def marked(text: str) -> str:
    """Return a text with our mark and the place of the run, short enough for GitHub."""
    server, repository = os.environ.get("GITHUB_SERVER_URL", ""), os.environ["GITHUB_REPOSITORY"]
    run = f"{server}/{repository}/actions/runs/{os.environ.get('GITHUB_RUN_ID', '')}"
    return f"{MARK}\n{text[:LONGEST].rstrip()}\n\n[The run]({run})\n"


def comment(number: str, text: str) -> None:
    """Write the one comment of ours on a pull request, over what it said before."""
    body = {"body": marked(text)}
    # Anybody may write our mark; only a bot of this repository's workflows is us.
    ours = (c for c in every(f"issues/{number}/comments") if _is_bot(c["user"]) and c["body"].startswith(MARK))
    mine = next(ours, None)
    if mine:
        call("PATCH", f"issues/comments/{mine['id']}", body)
    else:
        call("POST", f"issues/{number}/comments", body)


def _is_bot(user: dict[str, Any] | None) -> bool:
    # Who is gone from GitHub is nobody.
    return user is not None and user["type"] == "Bot"


def issue(code: str, text: str) -> None:
    """Open, renew or close the one issue about drift.

    Closed by exit code 0 and nothing else: a check that failed knows of no drift, and of no "no drift" either.
    """
    found = [i for i in every(f"issues?state=open&labels={LABEL}") if "pull_request" not in i]
    mine = next((i for i in found if i["body"] and i["body"].startswith(MARK)), None)
    if code == IN_SYNC:
        if mine:
            call("POST", f"issues/{mine['number']}/comments", {"body": marked("Back in sync.")})
            call("PATCH", f"issues/{mine['number']}", {"state": "closed", "state_reason": "completed"})
        return
    said = text if code == DRIFT else f"The check failed (exit {code}), so it is not known what has drifted.\n\n{text}"
    if mine is None:
        call("POST", "issues", {"title": TITLE, "body": marked(said), "labels": [LABEL]})
    else:
        # The text is replaced, not added to: nobody is notified again of what they know.
        call("PATCH", f"issues/{mine['number']}", {"body": marked(said)})


def fetch_plan(target: Path) -> None:
    """Write the plan that was made in the pull request which brought this commit; fail where there is none.

    Only of a run in this very repository: an artifact of a fork is what the fork's author wants to be applied.
    """
    commit = os.environ["GITHUB_SHA"]
    pulls = [p for p in call("GET", f"commits/{commit}/pulls") if p.get("merged_at")]
    if len(pulls) != 1:
        raise SystemExit(f"::error::{commit[:12]} came by {len(pulls)} pull requests, so no plan of it was reviewed")
    head = pulls[0]["head"]["sha"]
    name = urllib.parse.quote(f"reconcile-plan-{head}")
    ours = [a for a in every(f"actions/artifacts?name={name}", "artifacts") if _is_ours(a, head)]
    if not ours:
        raise SystemExit(f"::error::there is no plan of {head[:12]}: it is too old, or its job did not get that far")
    newest = max(ours, key=lambda a: a["created_at"])
    place = call("GET", f"actions/artifacts/{newest['id']}/zip")
    # Without our token: the address carries a right of its own.
    with urllib.request.urlopen(place, timeout=60) as answer:  # noqa: S310 - GitHub gave it
        archive = zipfile.ZipFile(io.BytesIO(answer.read()))
    target.write_bytes(archive.read(PLAN))


def _is_ours(artifact: dict[str, Any], head: str) -> bool:
    run = artifact["workflow_run"]
    return not artifact["expired"] and run["head_sha"] == head and run["head_repository_id"] == run["repository_id"]


def main(arguments: list[str]) -> None:
    """Do what the command line says."""
    match arguments:
        case ["comment", number, file]:
            comment(number, Path(file).read_text(encoding="utf-8", errors="replace"))
        case ["issue", code, file]:
            issue(code, Path(file).read_text(encoding="utf-8", errors="replace"))
        case ["fetch-plan", file]:
            fetch_plan(Path(file))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
