from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.relay.delivery.adapters import pinterest, snapchat
from chalicelib.relay.delivery.names import (
    AD_PLATFORMS,
    GA4_RESERVED,
    NAMES,
    ga4_name,
    is_ga4_name,
    name_at,
)


@pytest.mark.parametrize("platform", AD_PLATFORMS)
@pytest.mark.parametrize("event_type", ["rx_issued", "order_shipped", "order_refunded", "other"])
def test_ad_platforms_get_no_name(platform: str, event_type: str) -> None:
    assert name_at(platform, event_type, None) is None


@pytest.mark.parametrize(
    ("platform", "event_type", "name"),
    [
        ("meta", "consult_started", "Lead"),
        ("meta", "account_created", "CompleteRegistration"),
        ("ga4", "rx_issued", "qualify_lead"),
        ("ga4", "order_refunded", "refund"),
        ("sgtm", "purchase_completed", "purchase"),
        ("tiktok", "purchase_completed", "Purchase"),
        ("pinterest", "consult_completed", "custom"),
        ("snapchat", "checkout_started", "START_CHECKOUT"),
        ("webhook", "rx_issued", "rx_issued"),
        ("ga4", "kit.sent:v2", "kit_sent_v2"),
        ("ga4", "session_start", "e_session_start"),
        ("ga4", "session_start_with_rollout", "e_session_start_with_rollout"),
        ("sgtm", "ga_x", "e_ga_x"),
        ("webhook", "kit.sent:v2", "kit.sent:v2"),
    ],
)
def test_table_names_the_event(platform: str, event_type: str, name: str) -> None:
    assert name_at(platform, event_type, {}) == name


def test_map_of_a_destination_prevails() -> None:
    event_map = {"rx_issued": "CompleteRegistration", "consult_started": None}

    assert name_at("meta", "rx_issued", event_map) == "CompleteRegistration"
    assert name_at("meta", "consult_started", event_map) is None
    assert name_at("webhook", "consult_started", event_map) is None


@given(
    st.from_regex(r"[A-Za-z][A-Za-z0-9_.:-]{0,99}", fullmatch=True)
    | st.sampled_from(sorted(GA4_RESERVED))
)
def test_any_name_is_made_valid(event_type: str) -> None:
    assert is_ga4_name(ga4_name(event_type))


def test_table_has_names_that_platforms_know() -> None:
    assert {name for name in NAMES["pinterest"].values() if name} <= set(pinterest.NAMES)
    assert {name for name in NAMES["snapchat"].values() if name} <= set(snapchat.NAMES)
    assert all(is_ga4_name(name) for name in NAMES["ga4"].values() if name)
