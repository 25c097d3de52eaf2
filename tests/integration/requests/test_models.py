"""Every model of a request, against whatever a caller may make up: our words or a valid request."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fintegrate.errors import BadRequest, Invalid
from fintegrate.http.validation import validate_json, validate_strings
from tests.integration.requests.endpoints import EVERY_DECORATED

MODELS = sorted(
    {
        model
        for route in EVERY_DECORATED
        if route.spec is not None
        for model in (route.spec.takes, route.spec.path)
        if model is not None
    },
    key=lambda model: model.__name__,
)
FRAMEWORKS_WORDS = re.compile(
    r"input should|should (be|have)|valid (string|integer|dictionary|list|uuid)|not permitted|"
    r"field required|value error|unable to|pydantic|assertion failed|instance of",
    re.IGNORECASE,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.uuids().map(str) | st.datetimes().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)  # fmt: skip
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def own_words(sentence: str) -> str:
    """A refusal without what the caller wrote: the names of unknown fields and the values."""
    return re.sub(r", got .*?(; |$)|(^|; )[^;]*?: is not a known field", "", sentence)


@each_model
@given(data=st.data())
@few
def test_any_object_is_handled(model: type, data: st.DataObject) -> None:
    names = st.sampled_from([*model.model_fields, "more"])  # type: ignore[attr-defined]
    fields = data.draw(st.dictionaries(names, VALUES, max_size=6))
    try:
        validate_json(model, json.dumps(fields))
    except Invalid as refusal:
        sentence = refusal.description
    except BadRequest:
        return  # half of a character, which no JSON holds
    else:
        return
    assert not FRAMEWORKS_WORDS.search(own_words(sentence)), sentence


@each_model
@given(data=st.data())
@few
def test_any_parameters_are_handled(model: type, data: st.DataObject) -> None:
    names = st.sampled_from([*model.model_fields, "more"])  # type: ignore[attr-defined]
    text = st.text(max_size=20) | st.integers().map(str) | st.uuids().map(str)
    parameters = data.draw(st.dictionaries(names, text, max_size=6))
    try:
        validate_strings(model, parameters)
    except Invalid as refusal:
        sentence = refusal.description
    else:
        return
    assert not FRAMEWORKS_WORDS.search(own_words(sentence)), sentence
