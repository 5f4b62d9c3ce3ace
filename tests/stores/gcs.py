"""A Google Cloud Storage for tests: as much of its XML API as a state needs, on a free port of 127.0.0.1.

Of the emulators none will do: those out of a Python package speak the JSON API, and take no notice of conditions on the
XML one, which is what obstore's client speaks. What is here follows the reference, page by page
(https://cloud.google.com/storage/docs/xml-api/overview):

- PUT Object: ``x-goog-if-generation-match: 0`` creates only; 412 ``PreconditionFailed`` otherwise (reference-headers).
- GET Object, DELETE Object: 404 ``NoSuchKey``, 404 ``NoSuchBucket``; 204 for a delete (get-object, delete-object).
- List Objects, version 2: sorted by name, at most 1000 a page, ``NextContinuationToken`` (get-bucket-list).
- 401 ``AuthenticationRequired`` without a known token, 403 ``AccessDenied`` with one that may not (reference-status).
"""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "reconcile-tests"
TOKEN, READ_TOKEN = "ya29.all-rights", "ya29.read-only"
PAGE = 1000


@dataclass(frozen=True)
class _Object:
    data: bytes
    generation: int
    at: datetime

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.data).hexdigest()}"'


@dataclass(frozen=True)
class GCSServer:
    """A server with one bucket; ``environ`` is what a process needs to use it."""

    url: str
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    @property
    def environ(self) -> Mapping[str, str]:
        return {"GOOGLE_BASE_URL": self.url, "GOOGLE_BEARER_TOKEN": TOKEN}

    def fresh(self) -> str:
        """Return a location in which nothing is yet."""
        return f"gs://{BUCKET}/t{next(self._numbers)}/here"


@contextmanager
def gcs() -> Iterator[GCSServer]:
    """Yield a server, which is gone afterwards."""
    http = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=http.serve_forever, args=[0.05])
    thread.start()
    try:
        yield GCSServer(f"http://127.0.0.1:{http.server_port}")
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *arguments: object) -> None:
        self.lock = threading.Lock()
        self.objects: dict[str, _Object] = {}
        self.generations = itertools.count(1_700_000_000_000_000)
        super().__init__(*arguments)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        bucket, _, key = url.path.removeprefix("/").partition("/")
        if not self._may(bucket, writes=False):
            return
        if not key:
            self._list({name: values[0] for name, values in parse_qs(url.query).items()})
        elif found := self.server.objects.get(unquote(key)):
            self._answer(200, found.data, found)
        else:
            self._no_key()

    def do_PUT(self) -> None:
        bucket, _, key = self.path.removeprefix("/").partition("/")
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._may(bucket, writes=True):
            return
        condition = self.headers.get("x-goog-if-generation-match")
        with self.server.lock:
            there = self.server.objects.get(unquote(key))
            if condition is not None and int(condition) != (there.generation if there else 0):
                message = "At least one of the pre-conditions you specified did not hold."
                self._error(412, "PreconditionFailed", message)
                return
            found = _Object(data, next(self.server.generations), datetime.now(UTC))
            self.server.objects[unquote(key)] = found
        self._answer(200, b"", found)

    def do_DELETE(self) -> None:
        bucket, _, key = self.path.removeprefix("/").partition("/")
        if not self._may(bucket, writes=True):
            return
        with self.server.lock:
            found = self.server.objects.pop(unquote(key), None)
        if found:
            self._answer(204, b"")
        else:
            self._no_key()

    def _may(self, bucket: str, *, writes: bool) -> bool:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in (TOKEN, READ_TOKEN):
            self._error(401, "AuthenticationRequired", "Authentication required.")
        elif unquote(bucket) != BUCKET:
            self._error(404, "NoSuchBucket", "The specified bucket does not exist.")
        elif writes and token == READ_TOKEN:
            self._error(403, "AccessDenied", "Access denied.")
        else:
            return True
        return False

    def _no_key(self) -> None:
        self._error(404, "NoSuchKey", "The specified key does not exist.")

    def _list(self, query: Mapping[str, str]) -> None:
        prefix, after = query.get("prefix", ""), query.get("continuation-token", "")
        with self.server.lock:
            keys = sorted(key for key in self.server.objects if key.startswith(prefix) and key > after)
            page = {key: self.server.objects[key] for key in keys[:PAGE]}
        entries = "".join(
            f"<Contents><Key>{escape(key)}</Key><Generation>{each.generation}</Generation>"
            f"<LastModified>{each.at.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}</LastModified>"
            f"<ETag>{escape(each.etag)}</ETag><Size>{len(each.data)}</Size></Contents>"
            for key, each in page.items()
        )
        more = f"<NextContinuationToken>{escape(max(page))}</NextContinuationToken>" if len(keys) > PAGE else ""
        self._xml(
            200,
            f"<ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'><Name>{BUCKET}</Name>"
            f"<Prefix>{escape(prefix)}</Prefix><KeyCount>{len(page)}</KeyCount>"
            f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>{more}{entries}</ListBucketResult>",
        )

    def _error(self, status: int, code: str, message: str) -> None:
        self._xml(status, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>")

    def _xml(self, status: int, text: str) -> None:
        self._answer(status, f"<?xml version='1.0' encoding='UTF-8'?>{text}".encode())

    def _answer(self, status: int, body: bytes, found: _Object | None = None) -> None:
        self.send_response(status)
        if found:
            self.send_header("ETag", found.etag)
            self.send_header("x-goog-generation", str(found.generation))
            self.send_header("Last-Modified", format_datetime(found.at, usegmt=True))
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
