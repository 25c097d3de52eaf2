from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.relay.delivery.adapters import adapter_of
from chalicelib.relay.delivery.fields import wrong_fields
from tests.support.marketing_events import ADAPTERS, destination

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("name", ADAPTERS)
def test_working_destination_has_nothing_wrong(name: str) -> None:
    adapter, there = (
        adapter_of(name),
        destination(name, event_map={"a": None}, consent_mode="required"),
    )

    assert wrong_fields(adapter.CREDENTIALS, there.credentials, "credentials") == []
    assert wrong_fields(adapter.SETTINGS, there.settings, "settings") == []


@pytest.mark.parametrize(
    ("name", "credentials", "said"),
    [
        ("meta", {"pixel_id": "12345"}, "credentials.access_token: is missing"),
        (
            "meta",
            {"pixel_id": "a/b", "access_token": "x" * 20},
            "credentials.pixel_id: must be the",
        ),
        ("meta", {"access_token": "has spaces in it"}, "credentials.access_token: must be 1 to"),
        ("ga4", {"measurement_id": "UA-1", "api_secret": "x" * 9}, "credentials.measurement_id: "),
        ("webhook", {"secret": "whsec_c2hvcnQ="}, "credentials.secret: must be whsec_ and base64"),
        ("webhook", {"secret": 5}, "credentials.secret: must be whsec_ and base64"),
        ("sgtm", {"secret": "x"}, "credentials: takes only no fields"),
        ("tiktok", "token", "credentials: must be an object"),
    ],
)
def test_wrong_credential_is_said(name: str, credentials: Any, said: str) -> None:
    found = wrong_fields(adapter_of(name).CREDENTIALS, credentials, "credentials")

    assert any(sentence.startswith(said) for sentence in found), found


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("webhook", {}, "settings.url: is missing"),
        ("webhook", {"url": "ftp://a.example/"}, "settings.url: must be a URL"),
        ("webhook", {"url": "https://me:pw@a.example/"}, "settings.url: must be a URL"),
        ("webhook", {"url": "https://a.example/#x"}, "settings.url: must be a URL"),
        ("webhook", {"url": "https://a.example:x/"}, "settings.url: must be a URL"),
        ("meta", {"api_version": "25"}, "settings.api_version: must be a version"),
        ("meta", {"colour": "red"}, "settings: takes only event_map"),
        ("meta", {"consent_mode": "maybe"}, "settings.consent_mode: must be one of required"),
        ("snapchat", {"event_map": {"a": "Lead"}}, "settings.event_map: sends a as a name that"),
        (
            "ga4",
            {"event_map": {"a": "session_start"}},
            "settings.event_map: sends a as a name that",
        ),
        (
            "ga4",
            {"event_map": {"a b": None}},
            "settings.event_map: has a key that is no event name",
        ),
        (
            "sgtm",
            {"sgtm_url": "https://a.example/?x=1"},
            "settings.sgtm_url: must be a URL without",
        ),
        ("sgtm", {"path": "no slash"}, "settings.path: must be a path"),
    ],
)
def test_wrong_setting_is_said(name: str, settings: Any, said: str) -> None:
    found = wrong_fields(adapter_of(name).SETTINGS, settings, "settings")

    assert any(sentence.startswith(said) for sentence in found), found


@given(st.sampled_from(ADAPTERS), JSON)
def test_no_json_makes_it_raise(name: str, given_fields: Any) -> None:
    adapter = adapter_of(name)
    for fields in (adapter.CREDENTIALS, adapter.SETTINGS):
        wrong_fields(fields, given_fields, "settings")
        wrong_fields(fields, dict.fromkeys(fields, given_fields), "settings")


@pytest.mark.parametrize("name", ADAPTERS)
def test_sentence_shows_no_secret(name: str) -> None:
    secret = "s3cret with a space"
    fields = adapter_of(name).CREDENTIALS

    assert secret not in " ".join(
        wrong_fields(fields, dict.fromkeys(fields, secret), "credentials")
    )
