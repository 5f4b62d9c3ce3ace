"""What tests of several rooms share: places for a state; real ones are started once for each worker."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from reconcile.state.backend import Backend, open_backend
from stores.azure import AzureServer, NotInstalled, azure
from stores.gcs import GCSServer, gcs
from stores.postgres import PostgresServer, postgres
from stores.s3 import S3Server, s3

# No deadline, and no word on slow examples: the machines that run this are busy with other things. No memory: an
# example that failed is written into a test of its own.
settings.register_profile("reconcile", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("reconcile")


@pytest.fixture
def folder(tmp_path: Path) -> Backend:
    """A folder on disk that is not there yet."""
    return open_backend(".reconcile", tmp_path, "prod")


@pytest.fixture
def memory(tmp_path: Path) -> Backend:
    """An empty place in memory."""
    return open_backend("memory://", tmp_path, "prod")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL, started when the first test of this worker wants one."""
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """moto, started when the first test of this worker wants it."""
    with s3() as server:
        yield server


@pytest.fixture(scope="session")
def gcs_server() -> Iterator[GCSServer]:
    """The XML API of Google Cloud Storage, started when the first test of this worker wants it."""
    with gcs() as server:
        yield server


@pytest.fixture(scope="session")
def azure_server() -> Iterator[AzureServer]:
    """azurite, started when the first test of this worker wants it.

    Without a way to fetch it those tests are skipped, but never in CI: nobody reads there what was skipped.
    """
    try:
        with azure() as server:
            yield server
    except NotInstalled as error:
        if os.environ.get("CI") or os.environ.get("RECONCILE_REQUIRE_STORES"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture
def no_clouds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment (and a home) without credentials or settings for any cloud, to put some into."""
    ours = ("AWS_", "AZURE_", "GOOGLE_", "GCE_", "CLOUDSDK_", "STORAGE_EMULATOR_HOST", "AZURITE_", "IDENTITY_")
    proxies = ("http_proxy", "https_proxy", "all_proxy")
    for name in list(os.environ):
        if name.startswith(ours) or name.lower() in proxies:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return monkeypatch


@pytest.fixture
def home(no_clouds: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty home of somebody without credentials."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a key and a certificate for 127.0.0.1 that nobody signed."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return file
