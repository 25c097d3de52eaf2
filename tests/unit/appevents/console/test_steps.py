"""What is shown of a payload: nothing that a user wrote."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.appevents.console.steps import shape_of

ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def test_kinds_are_told_apart() -> None:
    said = {"id": ID, "body": "Nice!", "reps": 12, "on": True, "title": None, "sets": [1, 2]}

    assert shape_of({**said, "prefs": {"seat": 4}}) == {
        "id": ID,
        "body": "text, 5 characters",
        "reps": "a number",
        "on": "true or false",
        "title": "nothing",
        "sets": "2 entries",
        "prefs": "1 fields",
    }


@given(VALUES)
def test_no_value_is_repeated(value: Any) -> None:
    """Whatever it is: what is shown is one of few sentences, with a number at most."""
    (shown,) = shape_of({"field": value}).values()

    words = "".join(each for each in shown if not each.isdigit()).strip()
    assert words in {
        *("nothing", "true or false", "a number", "text,  characters", "fields", "entries"),
    }
