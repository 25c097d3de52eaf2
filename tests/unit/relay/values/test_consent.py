from __future__ import annotations

from typing import Any

import pytest

from chalicelib.relay.values.consent import (
    AD_PURPOSES,
    ANALYTICS_PURPOSES,
    consent_of,
    refusal,
)
from chalicelib.relay.values.wrong import WrongValue


def test_flags_are_read() -> None:
    sent = {
        "ad_storage": True,
        "ad_user_data": "Denied",
        "analytics_storage": " granted ",
        "limited_data_use": False,
        "other": 1,
    }

    assert consent_of(sent) == {
        "ad_storage": "granted",
        "ad_user_data": "denied",
        "analytics_storage": "granted",
        "limited_data_use": False,
    }
    assert consent_of(None) == {}


@pytest.mark.parametrize(
    "sent", [[], "granted", {"ad_storage": "yes"}, {"ad_storage": 1}, {"limited_data_use": "no"}]
)
def test_unreadable_flag_is_refused(sent: object) -> None:
    with pytest.raises(WrongValue, match="consent"):
        consent_of(sent)


@pytest.mark.parametrize(
    ("consent", "purposes", "mode", "reason"),
    [
        ({}, AD_PURPOSES, None, None),
        ({}, AD_PURPOSES, "required", "consent_missing"),
        ({"ad_storage": "granted"}, AD_PURPOSES, "required", "consent_missing"),
        ({"ad_storage": "granted", "ad_user_data": "granted"}, AD_PURPOSES, "required", None),
        ({"ad_user_data": "denied"}, AD_PURPOSES, None, "consent_denied"),
        ({"ad_user_data": "denied"}, ANALYTICS_PURPOSES, None, None),
        ({"analytics_storage": "denied"}, ANALYTICS_PURPOSES, None, "consent_denied"),
        ({"ad_storage": "denied"}, frozenset(), None, None),
        ({"limited_data_use": True}, frozenset(), "required", "consent_missing"),
        ({"ad_storage": "denied"}, frozenset(), "required", None),
    ],
)
def test_purposes_decide(
    consent: dict[str, Any], purposes: frozenset[str], mode: str | None, reason: str | None
) -> None:
    assert refusal(consent, purposes, mode) == reason
