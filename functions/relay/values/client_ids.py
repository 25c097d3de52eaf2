"""Client ids: where an event came from, and how browsers are known to platforms. Stored encrypted.

No platform takes them hashed. Each is sent plain, only to the platform that it belongs to. A
malformed one is left out with a warning.
"""

import re
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from chalicelib.relay.values.json_text import flaw_of
from chalicelib.relay.values.personal import without_addresses
from fintegrate.text import composed, cut, is_simple

_AGENT_LENGTH = 512
_URL_LENGTH = 2000
# What nearly all are, seen at a glance: the usual form of a client's address, and a plain URL. What
# these do not match is looked at in full.
_CLIENT_IPV4 = re.compile(
    r"(?:[1-9]\d?|1[01]\d|12[0-689]|1[3-9]\d|2[01]\d|22[0-3])"
    r"(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}",
    re.ASCII,
)
_PLAIN_URL = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:[/?#][!-~]*)?", re.ASCII)
_GA_PREFIX = re.compile(r"GA\d\.\d\.")

_SHAPES = {
    "fbp": re.compile(r"fb\.\d\.\d{10,16}\.\d{1,20}(\.[\w-]{1,20})?", re.ASCII),
    "fbc": re.compile(r"fb\.\d\.\d{10,16}\.[\w.-]{1,500}", re.ASCII),
    "ttclid": re.compile(r"[\w.~%-]{1,1000}", re.ASCII),
    "ttp": re.compile(r"[\w.-]{1,100}", re.ASCII),
    "epik": re.compile(r"[\w.=-]{1,500}", re.ASCII),
    "sccid": re.compile(r"[\w-]{1,200}", re.ASCII),
    "ga_client_id": re.compile(r"\d{1,20}\.\d{1,20}", re.ASCII),
}


class _Unusable(Exception):
    """The value is not what its field is for; the text ends the warning."""


def client_ids(client: object) -> tuple[dict[str, str], list[str]]:
    """The ids of a `client` object that can be sent, and the warnings. Never raises."""
    if client is None:
        return {}, []
    if not isinstance(client, dict):
        return {}, ["client: not an object, left out"]
    found: dict[str, str] = {}
    warnings: list[str] = []
    for field, read in _READERS.items():
        if client.get(field) is None:
            continue
        try:
            text = _text_of(client[field])
            if text:
                found[field] = read(text)
        except _Unusable as why:
            warnings.append(f"client.{field}: {why}, left out")
    return _url_without_addresses(found, warnings)


def _url_without_addresses(
    found: dict[str, str], warnings: list[str]
) -> tuple[dict[str, str], list[str]]:
    if "url" in found:
        found["url"], said = without_addresses(found["url"], "client.url")
        warnings.extend(said)
    return {name: value for name, value in found.items() if value}, warnings


def _text_of(value: object) -> str:
    if not isinstance(value, str):
        raise _Unusable("not text")
    if is_simple(value):
        return value.strip()
    if flaw_of(value) or "\n" in value or "\r" in value or "\t" in value:
        raise _Unusable("not readable text")
    return composed(value).strip()


def _address(text: str) -> str:
    return text if _CLIENT_IPV4.fullmatch(text) else _full_address(text)


def _full_address(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        raise _Unusable("not an IP address") from None
    if isinstance(address, IPv6Address):
        if address.scope_id:
            raise _Unusable("not an IP address")
        address = address.ipv4_mapped or address
    if address.is_loopback or address.is_unspecified or address.is_multicast:
        raise _Unusable("not the address of a client")
    return str(address)


def _agent(text: str) -> str:
    return cut(text, _AGENT_LENGTH)


def _url(text: str) -> str:
    if len(text) > _URL_LENGTH or not (_PLAIN_URL.fullmatch(text) or _is_web_address(text)):
        raise _Unusable(f"not an http URL of at most {_URL_LENGTH} characters")
    return text


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        usable = parts.scheme.lower() in {"http", "https"} and bool(parts.hostname)
        return usable and parts.username is None and " " not in text
    except ValueError:
        return False


def _shaped(field: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not _SHAPES[field].fullmatch(text):
            raise _Unusable(f"not a value of {field}")
        return text

    return read


def _ga_client_id(text: str) -> str:
    """The two numbers, also from the whole cookie `GA1.1.…`."""
    return _shaped("ga_client_id")(_GA_PREFIX.sub("", text, count=1))


_READERS: dict[str, Callable[[str], str]] = {
    "ip_address": _address,
    "user_agent": _agent,
    "url": _url,
    **{field: _shaped(field) for field in ("fbp", "fbc", "ttclid", "ttp", "epik", "sccid")},
    "ga_client_id": _ga_client_id,
}
FIELDS = tuple(_READERS)
