"""Personal data where none belongs: e-mail addresses in free text, in keys and in the query of a URL.

The names of user fields at the top level of an item are the user's. Every other text with an
address in it is emptied; in a URL only the parameters that carry one are cut.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from chalicelib.relay.values.match_keys import FIELDS

_BEFORE = re.compile(r"[^\s@<>()\[\]{},;:\"'/=&?]")
_AFTER = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,}")
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_USER_FIELDS = frozenset(FIELDS)


def holds_address(text: str) -> bool:
    """Whether the text holds an e-mail address, also one that is percent-encoded.

    Looks around each `@`, so the time grows with the text's length only.
    """
    if "@" not in text and "%" not in text:
        return False
    return _address_in(text) or ("%" in text and _address_in(unquote(unquote(text))))


def _address_in(text: str) -> bool:
    at = text.find("@")
    while at != -1:
        if at and _BEFORE.match(text, at - 1) and _AFTER.match(text, at + 1):
            return True
        at = text.find("@", at + 1)
    return False


def with_user_fields(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """The item with the user's fields of its top level moved into `user`, where `user` lacks them."""
    if _USER_FIELDS.isdisjoint(item):
        return item
    loose = {name: item[name] for name in FIELDS if name in item}
    user = item.get("user")
    known = dict(user) if isinstance(user, Mapping) else {}
    rest = {name: value for name, value in item.items() if name not in loose}
    return {**rest, "user": {**loose, **known}}


def without_addresses(value: Any, path: str) -> tuple[Any, list[str]]:
    """The value without e-mail addresses, and a warning for each place that held one.

    Args:
        value: what JSON can hold
        path: where the value stands, for the warnings
    """
    warnings: list[str] = []
    return (_cleaned(value, path, warnings) if _may_hold(value) else value), warnings


def _may_hold(value: Any) -> bool:
    """Whether an address may be anywhere in it; in most values there is none."""
    if isinstance(value, str):
        return "@" in value or "%" in value
    if isinstance(value, dict):
        return any(map(_may_hold, value)) or any(map(_may_hold, value.values()))
    return isinstance(value, list) and any(map(_may_hold, value))


def _cleaned(value: Any, path: str, warnings: list[str]) -> Any:
    if isinstance(value, str):
        return _cleaned_text(value, path, warnings)
    if isinstance(value, list):
        return [_cleaned(item, f"{path}[{at}]", warnings) for at, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    kept = {name: item for name, item in value.items() if not holds_address(name)}
    if len(kept) < len(value):
        warnings.append(f"{path}: a key that holds an e-mail address, left out")
    return {name: _cleaned(item, f"{path}.{name}", warnings) for name, item in kept.items()}


def _cleaned_text(text: str, path: str, warnings: list[str]) -> str:
    if not holds_address(text):
        return text
    cut = _without_parameters(text) if _URL.fullmatch(text) else None
    if cut is not None and not holds_address(cut):
        warnings.append(f"{path}: a parameter that holds an e-mail address, cut")
        return cut
    warnings.append(f"{path}: holds an e-mail address, emptied")
    return ""


def _without_parameters(url: str) -> str | None:
    """The URL without the parameters of its query that carry an address; no fragment that does."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    query = "&".join(pair for pair in parts.query.split("&") if not holds_address(pair))
    fragment = "" if holds_address(parts.fragment) else parts.fragment
    return urlunsplit(parts._replace(query=query, fragment=fragment))
