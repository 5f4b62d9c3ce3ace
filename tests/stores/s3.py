"""An S3 for tests: moto, in this process, on a free port of 127.0.0.1."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.request import Request, urlopen

BUCKET = "reconcile-tests"

# moto checks no signatures unless it is told to, so any key will do.
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example-secret-access-key"}


@dataclass(frozen=True)
class S3Server:
    """A server with one bucket; ``environ`` is what a process needs to use it."""

    url: str
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    @property
    def environ(self) -> Mapping[str, str]:
        return {**KEYS, "AWS_ENDPOINT_URL_S3": self.url, "AWS_REGION": "us-east-1"}

    def fresh(self) -> str:
        """Return a location in which nothing is yet."""
        return f"s3://{BUCKET}/t{next(self._numbers)}/here"

    def client(self, service: str = "s3", **keys: str) -> Any:
        """Return a client of AWS's own library; with all rights unless ``keys`` are given."""
        import boto3

        keys = keys or {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "example-secret-access-key"}
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1", **keys)

    def user(self, name: str, *actions: str) -> Mapping[str, str]:
        """Return the keys of a new user who may do ``actions`` everywhere, and nothing else."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    @contextmanager
    def checking_rights(self) -> Iterator[None]:
        """Check signatures and policies meanwhile."""
        self._reset_auth("0")
        try:
            yield
        finally:
            self._reset_auth("inf")

    def _reset_auth(self, requests_before: str) -> None:
        plain = {"Content-Type": "text/plain"}
        with urlopen(Request(f"{self.url}/moto-api/reset-auth", requests_before.encode(), plain)) as answer:
            assert answer.status == 200


@contextmanager
def s3() -> Iterator[S3Server]:
    """Yield a server, which is gone afterwards."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    try:
        host, port = moto.get_host_and_port()
        server = S3Server(f"http://{host}:{port}")
        server.client().create_bucket(Bucket=BUCKET)
        yield server
    finally:
        moto.stop()
