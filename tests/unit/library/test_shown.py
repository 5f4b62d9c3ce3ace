"""Results and errors on their way out."""

import pytest

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import Forbidden, ReconcileError
from reconcile.core.redact import Redactor
from reconcile.library.shown import document, page, without_secrets

REDACTOR = Redactor(['s3cr3t "word"'])


def test_an_error_keeps_its_class_and_facts_and_loses_the_secret() -> None:
    with pytest.raises(Forbidden) as error, without_secrets(REDACTOR):
        raise Forbidden('said s3cr3t "word"', hint='not s3cr3t "word"', status=403)
    told = error.value.diagnostics[0]
    assert (told.code, told.detail, told.hint, error.value.status) == ("forbidden", "said ***", "not ***", 403)
    assert "s3cr3t" not in str(error.value)


def test_other_exceptions_pass_as_they_are() -> None:
    with pytest.raises(KeyError), without_secrets(REDACTOR):
        raise KeyError("x")


def test_a_document_is_cleaned_before_it_is_text() -> None:
    assert document({"a": [{"b": 's3cr3t "word"'}], "n": 1}, REDACTOR) == {"a": [{"b": "***"}], "n": 1}


def test_a_page_is_cleaned_of_what_is_escaped() -> None:
    assert "s3cr3t" not in page("<p>s3cr3t &quot;word&quot;</p>", REDACTOR)


def test_an_error_that_is_clean_says_the_same() -> None:
    with pytest.raises(ReconcileError, match="Nothing: at all") as error, without_secrets(REDACTOR):
        raise ReconcileError(Diagnostic("none", "Nothing", "at all"))
    assert error.value.diagnostics == (Diagnostic("none", "Nothing", "at all"),)
