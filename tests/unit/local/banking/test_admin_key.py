"""The key that `make admin-key` prints is one that the functions take."""

from __future__ import annotations

import json

import pytest

from fintegrate.access.keys import ApiKeys
from local.aws.admin_key import new_admin_key as new_key_of_a_stage
from local.banking.admin_key import new_admin_key

SECRET = "what-the-check-of-a-key-is-made-with"


class Secrets:
    """Secrets Manager with one secret."""

    def get_secret_value(self, SecretId: str) -> dict[str, str]:
        assert SecretId == "check"
        return {"SecretString": json.dumps({"API_KEY_CHECK_SECRET": SECRET})}


@pytest.mark.parametrize("stage", [False, True])
def test_printed_key_is_genuine(stage: bool) -> None:
    made = [
        new_key_of_a_stage(Secrets(), "check")
        if stage
        else new_admin_key({"API_KEY_CHECK_SECRET": SECRET})
        for _ in range(2)
    ]

    assert all(ApiKeys(SECRET).parse(text) for text in made)
    assert len(set(made)) == 2
