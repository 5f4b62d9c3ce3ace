"""Secrets that become known while others are masked."""

from concurrent.futures import ThreadPoolExecutor

from reconcile.core.redact import Redactor


def test_no_secret_is_lost_that_several_threads_add_at_once() -> None:
    secrets = [f"token-{number:04}" for number in range(400)]
    redactor = Redactor()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(redactor.add, secrets))
    assert redactor.clean(" ".join(secrets)) == " ".join(["***"] * len(secrets))


def test_a_secret_that_is_added_twice_is_one() -> None:
    redactor = Redactor(["s3cr3t-word", "s3cr3t-word"])
    redactor.add("s3cr3t-word")
    assert repr(redactor) == "<Redactor of 1 secrets>"
