"""Which URLs a request may go to, and their parts.

Strict on purpose: one way to write each address, so that no other parser can read another host into it.
Only what is seen in the text is checked here; the addresses behind a name are judged where it is
resolved (`fintegrate.outgoing.dialing`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from fintegrate.outgoing.addresses import Address, why_not_public
from fintegrate.settings import SettingsError

LONGEST = 4096
AllowedHosts = frozenset[tuple[str, int]]
"""Pairs of host and port that may be reached by plain http and at any address."""
NO_HOSTS: AllowedHosts = frozenset()
DEFAULT_PORTS = {"https": 443, "http": 80}
_PARTS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?]*)([^?]*)((?:\?.*)?)", re.ASCII)
_AUTHORITY = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]*))?", re.ASCII)
_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]*", re.ASCII)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
"""A host whose last label is one is an address to some parsers, in whatever notation (WHATWG URL)."""
_LOCAL = "local"


class UrlNotAllowed(Exception):
    """The URL breaks a rule. The text says which and what to do, and repeats nothing but the host."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. Its text is host and port: the path and the query may hold secrets."""

    scheme: str
    host: str
    """Lower case, in ASCII; an IPv6 address without brackets."""
    port: int
    path: str = field(repr=False)
    """With the query."""
    address: Address | None = None
    """Of a host that is written as an address."""
    is_allowed: bool = False
    """The host and port are in the list of allowed ones, so its addresses are not judged."""

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """As the header `Host` has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return self.authority


def target_of(url: str, allowed: AllowedHosts = NO_HOSTS) -> Target:
    """Read a URL.

    Raises:
        UrlNotAllowed: it breaks a rule.
    """
    scheme, authority, path = _split(url)
    host, port, address, is_allowed = _place(scheme, authority, allowed)
    return Target(scheme, host, port, path, address, is_allowed)


# A sender sends to few places. What is remembered has no path and no query, so no secret.
@lru_cache(maxsize=1024)
def _place(
    scheme: str, authority: str, allowed: AllowedHosts
) -> tuple[str, int, Address | None, bool]:
    """Host, port, the address if the host is one, and whether it is in the list of allowed ones."""
    if scheme not in DEFAULT_PORTS:
        raise UrlNotAllowed("the URL must begin with https://")
    host, port_text, address = _read_authority(authority)
    port = _port(port_text, DEFAULT_PORTS[scheme])
    is_allowed = (host, port) in allowed
    if scheme != "https" and not is_allowed:
        raise UrlNotAllowed("the URL must begin with https://")
    if address is None and "." not in host and not is_allowed:
        raise UrlNotAllowed("the host must be a full name such as api.example.com")
    if address is not None and not is_allowed and (kind := why_not_public(address)):
        raise UrlNotAllowed(f"the address {host} is not public ({kind})")
    return host, port, address, is_allowed


def allowed_hosts(text: str, stage: str, setting: str = "ALLOW_HOSTS") -> AllowedHosts:
    """Read a setting with `host:port`, separated by commas: hosts for tests on the own machine.

    Raises:
        SettingsError: it is set in another stage than `local`, or an entry is not `host:port`.
    """
    entries = [entry.strip() for entry in text.split(",") if entry.strip()]
    if entries and stage != _LOCAL:
        raise SettingsError(
            f"{setting} opens the way to inner addresses, so it works only with STAGE={_LOCAL}: "
            "remove it, or send to public addresses"
        )
    return frozenset(_allowed_host(entry, setting) for entry in entries)


def own_hosts(url: str, stage: str, setting: str) -> AllowedHosts:
    """For the URL of a setting: on the own machine its host may be at any address, and speak plain http.

    Raises:
        SettingsError: no request may go there.
    """
    allowed = host_of(url) if stage == _LOCAL else NO_HOSTS
    try:
        target_of(url, allowed)
    except UrlNotAllowed as error:
        raise SettingsError(f"{setting} cannot be used: {error}") from None
    return allowed


def host_of(url: str) -> AllowedHosts:
    """The host of a URL that is a setting: it is our own, whatever its address. None of a wrong URL."""
    try:
        scheme, authority, _ = _split(url)
        host, port_text, _ = _read_authority(authority)
        return frozenset({(host, _port(port_text, DEFAULT_PORTS.get(scheme, 0)))})
    except UrlNotAllowed:
        return NO_HOSTS


def _allowed_host(entry: str, setting: str) -> tuple[str, int]:
    try:
        host, port_text, _ = _read_authority(entry)
        return host, _port(port_text, 0)
    except UrlNotAllowed as error:
        raise SettingsError(
            f"{setting} must hold host:port, separated by commas: {error}"
        ) from None


def _split(url: str) -> tuple[str, str, str]:
    """Scheme, authority, and path with query."""
    if len(url) > LONGEST:
        raise UrlNotAllowed(f"the URL must have at most {LONGEST} characters")
    if "#" in url:
        raise UrlNotAllowed("the URL must have no fragment (#): a server never gets it")
    found = _PARTS.fullmatch(url)
    if found is None:
        raise UrlNotAllowed(
            "the URL must have the form https://host/path, with no other characters"
        )
    scheme, authority, path, query = found.groups()
    if not _CHARACTERS.fullmatch(path + query):
        raise UrlNotAllowed("path and query must be percent-encoded (RFC 3986)")
    return scheme.lower(), authority, (path or "/") + query


def _read_authority(authority: str) -> tuple[str, str | None, Address | None]:
    """Host, port as written, and the address if the host is one."""
    if "@" in authority:
        raise UrlNotAllowed("the URL must have no user or password before the host")
    found = _AUTHORITY.fullmatch(authority)
    if found is None or not found[1]:
        raise UrlNotAllowed("the URL must have a host, and perhaps a port in decimal digits")
    if not authority.isascii():  # before `lower`, which makes an ASCII k of the sign for kelvin
        raise UrlNotAllowed("the host must be in its ASCII form: each label with others is xn--…")
    host, port = found[1].lower(), found[2]
    if host.startswith("["):
        six = _ipv6(host[1:-1])
        return str(six), port, six
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return host, port, _ipv4(host)
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise UrlNotAllowed("the host is no host name: labels of letters, digits and hyphens")
    return host, port, None


def _port(text: str | None, default: int) -> int:
    if text is None and default:
        return default
    if not text or text.startswith("0") or len(text) > 5 or int(text) > 65535:
        raise UrlNotAllowed("the port must be a number from 1 to 65535")
    return int(text)


def _ipv4(host: str) -> IPv4Address:
    try:
        return IPv4Address(host)  # four decimal numbers without leading zeros, and nothing else
    except AddressValueError:
        raise UrlNotAllowed("an IPv4 address must be four decimal numbers") from None


def _ipv6(text: str) -> IPv6Address:
    try:
        address = IPv6Address(text)
    except AddressValueError:
        raise UrlNotAllowed("the text in brackets is no IPv6 address") from None
    if address.scope_id is not None:
        raise UrlNotAllowed("an IPv6 address must have no zone (%)")
    return address
