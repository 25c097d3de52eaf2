"""A request with very many wrong fields gets a short answer."""

from __future__ import annotations

import json

import pytest

from fintegrate.errors import Invalid
from fintegrate.http.endpoint import Nothing
from fintegrate.http.validation import validate_json


def test_answer_counts_omitted_errors():
    body = json.dumps(dict.fromkeys(map(str, range(10_000)), 1))

    with pytest.raises(Invalid) as refused:
        validate_json(Nothing, body)

    assert len(refused.value.description) < 5_000
    assert refused.value.description.startswith("0: is not a known field; 1: is not")
    assert refused.value.description.endswith("; and 9950 more wrong fields")
