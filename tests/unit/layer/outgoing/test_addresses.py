"""Only what everybody can reach is public, in whatever form an address is written."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintegrate.outgoing.addresses import carried_by, is_public, why_not_public

NOT_PUBLIC = [
    *("0.0.0.0", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "100.100.100.200"),
    *("127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255"),
    *("192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255"),
    *("198.51.100.1", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1"),
    *("255.255.255.255", "168.63.129.16"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1"),
    *("100::1", "100:0:0:1::1", "2001:db8::1", "2001:2::1", "2001:10::1", "2001:20::1"),
    *("3fff::1", "5f00::1", "4000::1", "8000::1", "64:ff9b:1::1", "64:ff9b:1::808:808"),
    *("::ffff:0:808:808", "2002:7f00:1::", "2606:4700::5efe:a00:1", "2606:4700::200:5efe:7f00:1"),
]
PUBLIC = [
    *("1.1.1.1", "8.8.8.8", "11.0.0.1", "93.184.216.34", "100.63.255.255", "100.128.0.1"),
    *("172.15.255.255", "172.32.0.1", "192.167.1.1", "198.17.255.255", "223.255.255.255"),
    *("168.63.129.15", "2606:4700::1111", "2a00:1450:4001:80b::200e", "2400:cb00::1"),
    *("2001:4860:4860::8888", "2620:fe::fe"),
]
ADDRESSES_4 = st.integers(0, 2**32 - 1).map(IPv4Address)
NEAR_EDGES = st.sampled_from(
    [
        address
        for network in map(IPv4Network, ("10.0.0.0/8", "127.0.0.0/8", "100.64.0.0/10"))
        for address in (network[0] - 1, network[0], network[-1], network[-1] + 1)
    ]
)
WORD = st.integers(0, 0xFFFF)


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_inner_address_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_outer_address_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@given(ADDRESSES_4)
def test_no_stricter_opinion_is_overruled(address: IPv4Address) -> None:
    """Whatever Python's own tables call private is not public here."""
    if address.is_private or address.is_multicast or address.is_reserved or address.is_link_local:
        assert not is_public(address)


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_unassigned_space_is_refused(address: IPv6Address) -> None:
    if is_public(address) and not list(carried_by(address)):
        assert int(address) >> 125 == 1  # 2000::/3
        assert not address.is_private


@given(ADDRESSES_4 | NEAR_EDGES, WORD, WORD)
def test_carrier_is_judged_by_load(inner: IPv4Address, one: int, two: int) -> None:
    number, rest = int(inner), one << 16 | two
    carriers = {
        "mapped": 0xFFFF << 32 | number,
        "NAT64": 0x64_FF9B << 96 | number,
        "6to4": 0x2002 << 112 | number << 80 | rest,
        "Teredo, as client": 0x2001_0000 << 96
        | 0x0808_0808 << 64
        | rest << 32
        | number ^ 2**32 - 1,
        "Teredo, as server": 0x2001_0000 << 96
        | number << 64
        | rest << 32
        | 0x0808_0808 ^ 2**32 - 1,
    }
    if number > 1:
        carriers["compatible"] = number
    for name, carrier in carriers.items():
        found = why_not_public(IPv6Address(carrier))
        assert (found is None) == is_public(inner), name


@given(ADDRESSES_4 | NEAR_EDGES, st.sampled_from([0x5EFE, 0x0200_5EFE]))
def test_isatap_needs_both_public(inner: IPv4Address, mark: int) -> None:
    public, private = 0x2606_4700 << 96, 0xFD00 << 112
    load = mark << 32 | int(inner)

    assert is_public(IPv6Address(public | load)) == is_public(inner)
    assert not is_public(IPv6Address(private | load))


@given(ADDRESSES_4 | NEAR_EDGES)
def test_local_translation_is_never_public(inner: IPv4Address) -> None:
    """Where 64:ff9b:1::/48 holds its IPv4 is the local network's choice (RFC 8215)."""
    assert not is_public(IPv6Address(0x64_FF9B_0001 << 80 | int(inner)))
