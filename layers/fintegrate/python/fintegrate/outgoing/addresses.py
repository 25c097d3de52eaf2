"""Which addresses are public: reachable by everybody, and of no inner network.

The tables are our own: Python's `ipaddress` changes from release to release, and calls some forms public
that lead inside (64:ff9b::7f00:1). An IPv6 form that carries an IPv4 is judged by what it carries.

Sources: IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890), RFC 4291 (mapped, compatible),
RFC 3056 (6to4), RFC 4380 (Teredo), RFC 6052 and 8215 (NAT64), RFC 5214 (ISATAP).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

_NOT_PUBLIC_4 = tuple(
    (IPv4Network(network), name)
    for network, name in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "metadata"),  # Azure's, the one that hides among public addresses
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_GLOBAL_6 = IPv6Network("2000::/3")
"""All that is given out for use on the internet. The rest is refused unless it carries an IPv4."""
_NOT_PUBLIC_6 = tuple(
    (IPv6Network(network), name)
    for network, name in (
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "documentation"),
        ("3fff::/20", "documentation"),
    )
)
_NAMED_6 = tuple(
    (IPv6Network(network), name)
    for network, name in (
        ("::1/128", "loopback"),
        ("64:ff9b:1::/48", "local NAT64"),  # where its IPv4 stands is the local network's choice
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
    )
)
_MAPPED = IPv6Network("::ffff:0:0/96")
_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})
_32_BITS = 0xFFFF_FFFF


def is_public(address: Address) -> bool:
    return why_not_public(address) is None


def why_not_public(address: Address) -> str | None:
    """The kind of an address that is not public, such as `private`; None if it is public."""
    if isinstance(address, IPv4Address):
        return next((name for network, name in _NOT_PUBLIC_4 if address in network), None)
    if address.scope_id is not None:
        return "link-local"
    inside = (why_not_public(carried) for carried in carried_by(address))
    return _named(address, _NAMED_6) or next(filter(None, inside), None) or _of_itself(address)


def carried_by(address: IPv6Address) -> Iterator[IPv4Address]:
    """Every IPv4 address to which a packet for this one may be handed on."""
    number = int(address)
    if address in _MAPPED or address in _COMPATIBLE or address in _NAT64:
        yield IPv4Address(number & _32_BITS)
    elif address in _SIX_TO_FOUR:
        yield IPv4Address(number >> 80 & _32_BITS)
    elif address in _TEREDO:  # its server and, inverted, its client
        yield IPv4Address(number >> 64 & _32_BITS)
        yield IPv4Address(number & _32_BITS ^ _32_BITS)
    if number >> 32 & _32_BITS in _ISATAP:
        yield IPv4Address(number & _32_BITS)


def _of_itself(address: IPv6Address) -> str | None:
    """Of a form that only carries an IPv4 there is nothing more to judge."""
    if any(address in form for form in (_MAPPED, _COMPATIBLE, _NAT64, _SIX_TO_FOUR, _TEREDO)):
        return None
    return _named(address, _NOT_PUBLIC_6) or (None if address in _GLOBAL_6 else "reserved")


def _named(address: IPv6Address, networks: Iterable[tuple[IPv6Network, str]]) -> str | None:
    return next((name for network, name in networks if address in network), None)
