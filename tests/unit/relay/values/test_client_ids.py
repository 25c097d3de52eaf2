from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.relay.values import client_ids as reading
from chalicelib.relay.values.client_ids import FIELDS, client_ids

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("field", "sent", "kept"),
    [
        ("ip_address", "203.0.113.7", "203.0.113.7"),
        ("ip_address", "2001:DB8::1", "2001:db8::1"),
        ("ip_address", "::ffff:203.0.113.7", "203.0.113.7"),
        ("user_agent", " Mozilla/5.0 (X11) ", "Mozilla/5.0 (X11)"),
        ("url", "https://shop.example/thanks?a=1", "https://shop.example/thanks?a=1"),
        ("fbp", "fb.1.1596403881668.1116446470", "fb.1.1596403881668.1116446470"),
        ("fbc", "fb.1.1554763741205.AbCdEf_G-h", "fb.1.1554763741205.AbCdEf_G-h"),
        ("ttclid", "E.C.P.CtMB1234", "E.C.P.CtMB1234"),
        ("ttp", "94e2a4j9-h3ss-k5", "94e2a4j9-h3ss-k5"),
        ("epik", "dj0yJnU9aTl4UVpS", "dj0yJnU9aTl4UVpS"),
        ("sccid", "8b9e5e5c-41bb-4a59-8bb6-1a5b0a0c1a2b", "8b9e5e5c-41bb-4a59-8bb6-1a5b0a0c1a2b"),
        ("ga_client_id", "GA1.1.1234567890.1700000000", "1234567890.1700000000"),
    ],
)
def test_sound_id_is_kept(field: str, sent: str, kept: str) -> None:
    assert client_ids({field: sent}) == ({field: kept}, [])


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("ip_address", "203.0.113.700"),
        ("ip_address", "127.0.0.1"),
        ("ip_address", "fe80::1%eth0"),
        ("user_agent", "Mozilla\r\nX-Header: 1"),
        ("url", "javascript:alert(1)"),
        ("url", "https://user:password@shop.example/"),
        ("url", "https://shop.example/" + "a" * 2000),
        ("fbp", "1116446470"),
        ("fbc", "AbCdEf"),
        ("ttclid", 'a"b'),
        ("ga_client_id", "abc"),
        ("sccid", 17),
    ],
)
def test_malformed_id_is_left_out(field: str, sent: object) -> None:
    kept, warnings = client_ids({field: sent})

    assert kept == {}
    assert [warning.startswith(f"client.{field}: ") for warning in warnings] == [True]


def test_address_in_a_url_is_cut() -> None:
    kept, warnings = client_ids({"url": "https://shop.example/?mail=ann%40example.com&a=1"})

    assert kept == {"url": "https://shop.example/?a=1"}
    assert warnings == ["client.url: a parameter that holds an e-mail address, cut"]


@given(JSON | st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_no_json_makes_it_raise(client: Any) -> None:
    kept, _ = client_ids(client)

    assert all(value and "\n" not in value for value in kept.values())


@given(st.ip_addresses(v=4).map(str) | st.from_regex(reading._CLIENT_IPV4, fullmatch=True))
def test_glance_takes_what_full_look_takes(address: str) -> None:
    if reading._CLIENT_IPV4.fullmatch(address):
        assert reading._full_address(address) == address


@given(st.from_regex(reading._PLAIN_URL, fullmatch=True))
def test_plain_urls_stand_the_full_look(url: str) -> None:
    assert reading._is_web_address(url)
