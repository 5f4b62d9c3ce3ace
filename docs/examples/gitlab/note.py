"""Write the one note of ours on a merge request, over what it said before. Usage: ``note.py FILE``.

Python's standard library only; ``BOT_TOKEN`` and the variables that every job has.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

MARK = "<!-- reconcile -->"


def call(method: str, path: str, body: object = None) -> Any:
    """Return what the API answers, as JSON."""
    request = urllib.request.Request(  # noqa: S310 - the API's own address
        f"{os.environ['CI_API_V4_URL']}/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"PRIVATE-TOKEN": os.environ["BOT_TOKEN"], "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{method} {path}: {error.code} {error.reason}") from None
    except OSError as error:
        raise SystemExit(f"{method} {path}: no answer: {error}") from None


def main(text: str) -> None:
    """Write the note. A plan that came to nothing is said, and does not look like one without changes."""
    if not text.strip():
        text = f"### reconcile: there is no plan\n\n[The job]({os.environ.get('CI_JOB_URL', '')}) says why.\n"
    project, number = os.environ["CI_PROJECT_ID"], os.environ["CI_MERGE_REQUEST_IID"]
    notes = f"projects/{project}/merge_requests/{number}/notes"
    # Anybody may write our mark; only the token's own user is us.
    me = call("GET", "user")["id"]
    page, mine = 1, None
    while mine is None:
        found = call("GET", f"{notes}?per_page=100&page={page}")
        mine = next((n for n in found if n["author"]["id"] == me and n["body"].startswith(MARK)), None)
        if len(found) < 100:
            break
        page += 1
    body = {"body": f"{MARK}\n{text}"}
    if mine:
        call("PUT", f"{notes}/{mine['id']}", body)
    else:
        call("POST", notes, body)


if __name__ == "__main__":
    main(Path(sys.argv[1]).read_text(encoding="utf-8", errors="replace"))
