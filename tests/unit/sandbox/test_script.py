"""Scripts: steps used up in order, for so many jobs each."""

import pytest

from reconcile.sandbox.script import Scripts, is_seconds, is_text, parse_steps

FIELDS = {"outcome": is_text, "seconds": is_seconds}


def test_steps_are_used_up_in_order() -> None:
    scripts = Scripts()
    scripts.write("a", [{"outcome": "x", "times": 2}, {"outcome": "y", "times": 1}, {"seconds": 3}])
    taken = [scripts.take("a") for _ in range(5)]
    assert taken == [{"outcome": "x"}, {"outcome": "x"}, {"outcome": "y"}, {"seconds": 3}, {"seconds": 3}]
    assert scripts.as_json() == {"a": [{"seconds": 3}]}


def test_the_first_key_that_has_steps_counts() -> None:
    scripts = Scripts()
    scripts.write("b", [{"outcome": "b", "times": 1}])
    scripts.write("c", [{"outcome": "c"}])
    assert [scripts.take("a", "b", "c")["outcome"] for _ in range(2)] == ["b", "c"]
    assert scripts.take("a") == {}


def test_writing_replaces_and_does_not_share() -> None:
    scripts = Scripts()
    steps = [{"outcome": "x", "times": 1}]
    scripts.write("a", steps)
    scripts.take("a")
    assert steps == [{"outcome": "x", "times": 1}]
    scripts.write("a", steps)
    again = Scripts()
    again.restore(scripts.as_json())
    scripts.write("a", [])
    assert scripts.as_json() == {}
    assert again.take("a") == {"outcome": "x"}
    assert again.as_json() == {}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, []),
        ([], []),
        ({"outcome": "x"}, [{"outcome": "x"}]),
        ([{"seconds": 0}, {"times": None}], [{"seconds": 0}, {"times": None}]),
    ],
)
def test_one_several_or_none(given: object, expected: object) -> None:
    assert parse_steps(given, FIELDS) == expected


@pytest.mark.parametrize(
    "given",
    [{"outcome": " "}, {"seconds": True}, {"seconds": "1"}, {"times": 0}, {"times": True}, {"times": 1.5}, {"x": 1}],
)
def test_a_wrong_step_names_what_is_wrong(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(given))):
        parse_steps(given, FIELDS)
