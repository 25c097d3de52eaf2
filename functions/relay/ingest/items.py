"""An item of a batch becomes what is stored of it: checked, in one form, personal data taken out.

Pure: no database and no key. Leaves the meaning of single values to `chalicelib.relay.values`, and the
sealing and storing to others.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, ParamSpec, TypeVar

from chalicelib.relay.values.client_ids import client_ids
from chalicelib.relay.values.consent import consent_of
from chalicelib.relay.values.contents import contents_of
from chalicelib.relay.values.json_text import canonical, dumps, flaw_of, is_sound
from chalicelib.relay.values.match_keys import user_data
from chalicelib.relay.values.money import amount_of, currency_of
from chalicelib.relay.values.personal import holds_address, with_user_fields, without_addresses
from chalicelib.relay.values.times import event_time, iso
from chalicelib.relay.values.wrong import WrongValue
from fintegrate.text import text_of

ITEM_BYTES = 65_536
EXTRA_BYTES = 8_192
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,99}", re.ASCII)
_OURS = frozenset(
    {
        *("storefront_id", "event_name", "event_time", "order_id", "event_id", "order_revenue"),
        *("currency", "contents", "user", "client", "consent"),
    }
)
_LONGEST_ID = 255
P = ParamSpec("P")
T = TypeVar("T")


class Storefront(NamedTuple):
    """A storefront that takes events."""

    id: int
    currency: str
    country: str


class Item(NamedTuple):
    """What is stored of an item; `private` is to be sealed before."""

    storefront: Storefront
    code: str
    identity: str
    order_id: str | None
    event_type: str
    event_time: datetime
    dedup_id: str
    payload: dict[str, Any]
    match_keys: dict[str, str]
    private: dict[str, str]
    consent: dict[str, Any]
    content_hash: str
    warnings: list[str]


class Rejected(Exception):
    """The item cannot be stored; a sentence per field says why."""


def read_item(item: object, storefronts: Mapping[str, Storefront], now: datetime) -> Item:
    """Check an item and bring it into the form in which it is stored.

    Raises:
        Rejected: as its text says.
    """
    if not isinstance(item, dict):
        raise Rejected("item: must be an object")
    written = _written(item)
    if len(written) > ITEM_BYTES:
        raise Rejected(f"item: has more than {ITEM_BYTES} bytes")
    fields = with_user_fields(item)
    code = fields.get("storefront_id")
    storefront = storefronts.get(code) if isinstance(code, str) else None
    if storefront is None:
        raise Rejected(_no_storefront(code))
    checked = _checked(fields, storefront, now, len(written))
    keys, places, of_user = user_data(fields.get("user"), storefront.country)
    ids, of_client = client_ids(fields.get("client"))
    return Item(
        storefront=storefront,
        code=str(code),
        identity=checked.event_id or checked.order_id or "",
        order_id=checked.order_id,
        event_type=checked.name,
        event_time=min(checked.moment, now),
        dedup_id=checked.event_id or f"{checked.order_id}:{checked.name}",
        payload=_payload(checked),
        match_keys=dict(keys),
        private={**ids, **places},
        consent=checked.consent,
        content_hash=hashlib.sha256(written).hexdigest(),
        warnings=[*checked.warnings, *_lost_user(item, fields), *of_user, *of_client],
    )


class _Checked(NamedTuple):
    """What an item says of the event, without the person."""

    name: str
    moment: datetime
    order_id: str | None
    event_id: str | None
    value: Any
    currency: str | None
    contents: list[Any]
    consent: dict[str, Any]
    extra: dict[str, Any]
    warnings: list[str]


def _checked(
    fields: Mapping[str, Any], storefront: Storefront, now: datetime, size: int
) -> _Checked:
    """All that is wrong is said at once. `size` is the whole item's."""
    wrong: list[str] = []
    name = _try(wrong, _event_name, fields.get("event_name"))
    moment = _try(wrong, event_time, fields.get("event_time"), now)
    order_id = _try(wrong, _id, fields, "order_id")
    own_id = _try(wrong, _id, fields, "event_id")
    if not wrong and order_id is None and own_id is None:
        wrong.append("order_id: one of order_id and event_id is required")
    currency = _try(wrong, currency_of, fields.get("currency"), storefront.currency)
    value, warnings = _try(wrong, _revenue, fields, currency or "USD") or (None, [])
    given = fields.get("contents")
    contents, more = _try(wrong, contents_of, given, currency or "USD") or ([], [])
    consent = _try(wrong, consent_of, fields.get("consent")) or {}
    extra, cleaned = without_addresses(
        {key: value for key, value in fields.items() if key not in _OURS}, "extra"
    )
    if size > EXTRA_BYTES and len(dumps(extra)) > EXTRA_BYTES:
        wrong.append(f"extra: the further fields have more than {EXTRA_BYTES} bytes together")
    if wrong or name is None or moment is None:
        raise Rejected("; ".join(wrong))
    said = [*warnings, *more, *cleaned]
    return _Checked(name, moment, order_id, own_id, value, currency, contents, consent, extra, said)


def _payload(checked: _Checked) -> dict[str, Any]:
    """What is shown of the event, and what receivers get."""
    return _present(
        {
            "event_name": checked.name,
            "event_time": iso(checked.moment),
            "order_id": checked.order_id,
            "event_id": checked.event_id,
            "value": checked.value,
            "currency": checked.currency,
            "contents": checked.contents,
            "extra": checked.extra,
        }
    )


def _try(wrong: list[str], read: Callable[P, T], *given: P.args, **named: P.kwargs) -> T | None:
    try:
        return read(*given, **named)
    except WrongValue as error:
        wrong.append(str(error))
        return None


def _event_name(value: object) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise WrongValue(
            "event_name: must be 1 to 100 letters, digits and _ . : -, and begin with a letter"
        )
    return value


def _id(fields: Mapping[str, Any], name: str) -> str | None:
    """An id goes to every platform as it is, so it must not tell who the person is."""
    if fields.get(name) is None:
        return None
    value = text_of(fields[name])
    if value is None or not value.strip() or len(value) > _LONGEST_ID:
        raise WrongValue(f"{name}: must be 1 to {_LONGEST_ID} characters")
    if holds_address(value):
        raise WrongValue(f"{name}: must not hold an e-mail address")
    return value


def _revenue(fields: Mapping[str, Any], currency: str) -> tuple[Any, list[str]]:
    if fields.get("order_revenue") is None:
        return None, []
    amount, warning = amount_of(fields["order_revenue"], currency, "order_revenue")
    return amount, [warning] if warning else []


def _lost_user(item: Mapping[str, Any], fields: Mapping[str, Any]) -> list[str]:
    """What `user` was, if fields of the top level have taken its place."""
    lost = item.get("user") is not None and not isinstance(item["user"], Mapping)
    return ["user: not an object, left out"] if lost and isinstance(fields["user"], dict) else []


def _no_storefront(code: object) -> str:
    if code is None:
        return "storefront_id: is required"
    if not isinstance(code, str):
        return "storefront_id: must be the storefront's code as text"
    return f"storefront_id: no active storefront has the code {code[:60]!r}"


def _written(item: dict[str, Any]) -> bytes:
    """The item as canonical JSON. What JSON allows and we do not is found on the way."""
    try:
        written = canonical(item)
    except (ValueError, RecursionError):
        raise Rejected(f"item: {flaw_of(item)}") from None
    if not is_sound(item, written) and (flaw := flaw_of(item)):
        raise Rejected(f"item: {flaw}")
    return written


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, [], {})}
