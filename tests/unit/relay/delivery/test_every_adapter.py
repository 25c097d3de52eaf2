"""What holds for each adapter, for any event and any answer."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from datetime import timedelta
from types import ModuleType
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.relay.delivery.adapters import ADAPTERS, adapter_of
from chalicelib.relay.delivery.composing import USER_AGENT, too_old
from chalicelib.relay.delivery.names import AD_PLATFORMS
from chalicelib.relay.delivery.shapes import Answer, Event, Kind
from chalicelib.relay.values.wrong import WrongValue
from tests.architecture.tree import ROOT
from tests.support.marketing_events import (
    CLIENT,
    NOW,
    TOKEN,
    USER,
    destination,
    events,
    nobody,
    purchase,
)

EVERY = pytest.mark.parametrize("name", ADAPTERS)
OWN_IDS = {
    "meta": {"ip_address", "user_agent", "url", "fbp", "fbc"},
    "ga4": {"ga_client_id"},
    "tiktok": {"ip_address", "user_agent", "url", "ttclid", "ttp"},
    "pinterest": {"ip_address", "user_agent", "url", "epik"},
    "snapchat": {"ip_address", "user_agent", "url", "sccid"},
    "sgtm": {"ip_address", "user_agent", "url", "ga_client_id"},
    "webhook": set(),
}
NUMBERS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
JSON = st.recursive(
    NUMBERS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=6,
)
_FIELDS = """
error code error_subcode message status reason events details data events_received
num_events_processed validationMessages is_transient
"""
ANSWER_FIELDS = _FIELDS.split()
BODIES = st.binary(max_size=200) | st.builds(
    lambda fields: json.dumps(fields).encode(),
    st.dictionaries(
        st.sampled_from(
            [
                "error",
                "code",
                "error_subcode",
                "message",
                "status",
                "reason",
                "events",
                "details",
                "data",
                "events_received",
                "num_events_processed",
                "validationMessages",
                "is_transient",
            ]
        ),
        JSON | st.dictionaries(st.sampled_from(["code", "error_subcode", "events"]), JSON),
    ),
)


@EVERY
def test_module_has_the_shape(name: str) -> None:
    adapter = adapter_of(name)

    assert isinstance(adapter, ModuleType)
    for part in ("account", "skip_reason", "group", "compose", "judge", "test_request"):
        assert callable(getattr(adapter, part))
    assert adapter.account(destination(name)).startswith(f"{name}:")
    assert TOKEN not in adapter.account(destination(name))


def test_other_name_is_no_adapter() -> None:
    with pytest.raises(KeyError):
        adapter_of("myspace")


@EVERY
@given(given_events=st.lists(events(), min_size=1, max_size=3))
def test_what_is_passed_can_be_sent(name: str, given_events: list[Event]) -> None:
    adapter, there = adapter_of(name), destination(name)
    passed = [event for event in given_events if adapter.skip_reason(event, there) is None]

    groups = adapter.group(passed, there)

    assert sorted(event.id for group in groups for event in group) == sorted(e.id for e in passed)
    for group in groups:
        request = adapter.compose(group, there, NOW)
        assert len(group) <= adapter.BATCH
        assert request.method == "POST"
        assert request.url.startswith("https://")
        assert request.headers["Content-Type"] == "application/json"
        assert request.headers["User-Agent"] == USER_AGENT
        assert isinstance(json.loads(request.body), dict)
        assert all(header.isascii() and "\n" not in header for header in request.headers.values())


@EVERY
def test_no_plain_datum_leaks(name: str) -> None:
    adapter, there = adapter_of(name), destination(name)
    request = adapter.compose([purchase()], there, NOW)
    sent = request.body.decode()

    for field, value in USER.items():
        if field not in {"city", "state", "country", "zip"}:
            assert value not in sent, field
    assert "10001" not in sent
    assert ("newyork" in sent) is (name == "tiktok")
    for field, value in CLIENT.items():
        assert (value in sent) is (field in OWN_IDS[name]), field


@EVERY
def test_secret_is_where_it_must_be(name: str) -> None:
    adapter, there = adapter_of(name), destination(name)
    request = adapter.compose([purchase()], there, NOW)

    assert TOKEN not in request.url
    assert TOKEN not in request.body.decode()
    assert (quote(TOKEN, safe="") in request.url) is (name in {"ga4", "snapchat"})
    for secret in there.credentials.values():
        if secret in {TOKEN, there.credentials.get("secret")}:
            assert secret in request.secrets
    for thing in (request, there, purchase()):
        shown = f"{thing!r} {thing}"
        assert TOKEN not in shown
        assert CLIENT["ip_address"] not in shown
        with pytest.raises(TypeError):
            json.dumps(thing)


@EVERY
@given(
    status=st.integers(100, 599),
    body=BODIES,
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "x-business-use-case-usage"]), st.text(max_size=60)
    ),
    count=st.integers(1, 5),
)
def test_any_answer_is_judged(
    name: str, status: int, body: bytes, headers: dict[str, str], count: int
) -> None:
    verdict = adapter_of(name).judge(Answer(status=status, headers=headers, body=body), count, NOW)

    assert (verdict.kind == Kind.EACH) is bool(verdict.events)
    assert len(verdict.events) in {0, count}
    assert verdict.kind != Kind.HALVE or count > 1
    assert verdict.kind != Kind.EVENT_REFUSED or count == 1
    assert (verdict.kind == Kind.CONFIGURATION_REFUSED) is (verdict.reason is not None)
    assert len(verdict.words) <= 500
    assert verdict.wait is None or 0 < verdict.wait <= 86_400
    if status >= 300:
        assert verdict.kind != Kind.DELIVERED or (name, status) == ("pinterest", 422)


@EVERY
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, Kind.CONFIGURATION_REFUSED),
        (401, Kind.CONFIGURATION_REFUSED),
        (403, Kind.CONFIGURATION_REFUSED),
        (404, Kind.CONFIGURATION_REFUSED),
        (410, Kind.CONFIGURATION_REFUSED),
        (413, Kind.HALVE),
        (429, Kind.OVERLOAD),
        (500, Kind.OUTAGE),
        (503, Kind.OUTAGE),
    ],
)
def test_status_without_words_has_its_class(name: str, status: int, kind: Kind) -> None:
    answer = Answer(status=status, headers={"retry-after": "30"}, body=b"<html>")

    verdict = adapter_of(name).judge(answer, 2, NOW)

    assert verdict.kind == kind
    assert verdict.wait == (30 if kind in {Kind.OVERLOAD, Kind.OUTAGE} else None)


@pytest.mark.parametrize("name", AD_PLATFORMS)
@pytest.mark.parametrize("status", [200, 204, 400, 422])
def test_page_speaks_of_no_event(name: str, status: int) -> None:
    assert adapter_of(name).judge(Answer(status=status, body=b"<html>"), 3, NOW).kind == Kind.OUTAGE


@pytest.mark.parametrize("name", AD_PLATFORMS)
def test_nobody_is_skipped(name: str) -> None:
    adapter, there = adapter_of(name), destination(name)

    assert adapter.skip_reason(nobody(), there) == "no_user_identifiers"
    half = {"ip_address": "203.0.113.7"}
    assert adapter.skip_reason(nobody(private=half), there) == "no_user_identifiers"
    whole = {**half, "user_agent": "Mozilla/5.0"}
    assert adapter.skip_reason(nobody(private=whole), there) is None


@pytest.mark.parametrize("name", ["ga4", "sgtm", "webhook"])
def test_nobody_is_sent_elsewhere(name: str) -> None:
    assert adapter_of(name).skip_reason(nobody(), destination(name)) is None


@EVERY
def test_unmapped_event_is_skipped(name: str) -> None:
    adapter = adapter_of(name)
    there = destination(name, event_map={"purchase_completed": None})

    assert adapter.skip_reason(purchase(), there) == "unmapped_event"
    own = adapter.skip_reason(purchase(event_type="kit_sent"), there)
    assert own == ("unmapped_event" if name in AD_PLATFORMS else None)


@EVERY
def test_consent_comes_first(name: str) -> None:
    adapter = adapter_of(name)
    denied = purchase(
        event_type="kit_sent", consent={"ad_storage": "denied", "analytics_storage": "denied"}
    )

    reason = adapter.skip_reason(denied, destination(name))

    assert reason == (None if name in {"sgtm", "webhook"} else "consent_denied")
    strict = destination(name, consent_mode="required")
    assert adapter.skip_reason(purchase(), strict) == "consent_missing"


@EVERY
def test_time_ahead_is_sent_as_now(name: str) -> None:
    adapter, there = adapter_of(name), destination(name)
    ahead = purchase(event_time=NOW + timedelta(minutes=5))

    sent = adapter.compose([ahead], there, NOW).body

    assert sent == adapter.compose([replace(ahead, event_time=NOW)], there, NOW).body


@EVERY
def test_age_limit_is_kept_with_a_margin(name: str) -> None:
    adapter = adapter_of(name)
    edge = NOW - adapter.AGE_LIMIT

    assert too_old(purchase(event_time=edge), adapter, NOW)
    assert not too_old(purchase(event_time=edge + timedelta(minutes=2)), adapter, NOW)


@EVERY
def test_base_url_is_a_setting(name: str) -> None:
    adapter = adapter_of(name)
    if "base_url" not in adapter.SETTINGS:
        pytest.skip("its address is its own setting")
    there = destination(name, base_url="https://127.0.0.1:9000/there/")

    url = adapter.compose([purchase()], there, NOW).url

    assert url.startswith("https://127.0.0.1:9000/there/")
    assert "//" not in url.removeprefix("https://")


@EVERY
def test_trial_says_what_it_needs(name: str) -> None:
    adapter = adapter_of(name)
    if name in {"meta", "tiktok", "sgtm"}:
        with pytest.raises(WrongValue, match=r"settings\.test_event_code"):
            adapter.test_request(destination(name), NOW)
    request = adapter.test_request(destination(name, test_event_code="TEST123"), NOW)

    assert isinstance(json.loads(request.body), dict)


def test_version_is_the_projects() -> None:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert f"fintegrate-relay/{project['version']}" == USER_AGENT
