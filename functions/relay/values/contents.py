"""The contents of an order: up to 200 items with id, quantity, price, name and category."""

from decimal import Decimal
from typing import Any

from chalicelib.relay.values.money import amount_of
from chalicelib.relay.values.personal import without_addresses
from chalicelib.relay.values.wrong import WrongValue
from fintegrate.text import composed, text_of

MOST = 200
_LONGEST = 255
_MOST_PIECES = 1_000_000


def contents_of(value: object, currency: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The items with only the keys that were sent, and the warnings.

    Prices are Decimals. Other keys of an item are dropped, and texts that hold an e-mail address.

    Raises:
        WrongValue: it is no list, an item is no object, or a field of it is wrong.
    """
    if value is None:
        return [], []
    if not isinstance(value, list) or len(value) > MOST:
        raise WrongValue(f"contents: must be a list of at most {MOST} items")
    warnings: list[str] = []
    items = [_item(item, f"contents[{at}]", currency, warnings) for at, item in enumerate(value)]
    return items, warnings


def _item(item: object, path: str, currency: str, warnings: list[str]) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise WrongValue(f"{path}: must be an object")
    found: dict[str, Any] = {}
    for name in ("id", "name", "category"):
        if item.get(name) is not None and (text := _text(item[name], path, name, warnings)):
            found[name] = text
    if item.get("quantity") is not None:
        found["quantity"] = _quantity(item["quantity"], f"{path}.quantity")
    if item.get("price") is not None:
        found["price"], warning = amount_of(item["price"], currency, f"{path}.price")
        warnings.extend([warning] if warning else [])
    return found


def _text(value: object, path: str, name: str, warnings: list[str]) -> str:
    text = text_of(value)
    if text is None or not text.strip() or len(text) > _LONGEST:
        raise WrongValue(f"{path}.{name}: must be text of 1 to {_LONGEST} characters")
    cleaned, said = without_addresses(composed(text), f"{path}.{name}")
    warnings.extend(said)
    return str(cleaned)


def _quantity(value: object, path: str) -> int:
    whole = value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 8:
        whole = int(value)
    if isinstance(value, Decimal) and value.is_finite() and abs(value) < _MOST_PIECES:
        whole = int(value) if value == int(value) else value
    if isinstance(whole, bool) or not isinstance(whole, int) or not 0 <= whole <= _MOST_PIECES:
        raise WrongValue(f"{path}: must be a whole number of 0 to {_MOST_PIECES}")
    return whole
