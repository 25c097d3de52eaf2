"""Tags in the database: read one, add several, change one under its customer's lock."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chalicelib.banking.configuration import Configuration
from chalicelib.banking.customer.customers import NOT_FOUND, own
from chalicelib.banking.customer.tag_models import NewTags, TagRef
from fintegrate.database import Row, UniqueViolation
from fintegrate.errors import Conflict, NotFound
from fintegrate.http.endpoint import Call
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
NO_SUCH_TAG = "No such tag; check tag_key"


def read_tag(call: Call[TagRef]) -> str:
    """Read the value of a tag.

    Raises:
        NotFound: the caller has no such customer, or it has no such tag.
    """
    row = call.db.fetch_one(SQL["read_tag"], _parameters(call))
    if row is None:
        raise NotFound(NOT_FOUND)
    if row["tag_value"] is None:
        raise NotFound(NO_SUCH_TAG)
    return str(row["tag_value"])


def add_tags(call: Call[NewTags], settings: Configuration) -> None:
    """Add every tag, inside the caller's transaction.

    Raises:
        NotFound: the caller has no such customer.
        Conflict: a key exists, or the customer would have too many tags. The transaction must roll
            back, because tags were added.
    """
    _touch_customer(call, call.body.customer_id)
    rows = call.db.fetch_all(SQL["add_tags"], _parameters(call))
    existing = set(call.body.tag_keys) - {row["tag_key"] for row in rows}
    if existing:
        raise _keys_exist([key for key in call.body.tag_keys if key in existing])
    measured = _measure(call)
    if measured["tags"] > settings.customer_max_tags:
        raise Conflict(
            f"The customer would have {measured['tags']} tags, at most "
            f"{settings.customer_max_tags} are kept; delete some first"
        )
    _check_bytes(measured, settings)


def change_tag(call: Call[Any], statement: str, settings: Configuration) -> None:
    """Delete, rename or set one tag, inside the caller's transaction.

    A customer whose tags are beyond the bounds, because these were wider before, may still shrink.

    Raises:
        NotFound: the caller has no such customer, or it has no such tag.
        Conflict: a tag with the new key exists, or the tags would be too large together.
    """
    _touch_customer(call, call.body.customer_id)
    try:
        changed = call.db.fetch_one(SQL[statement], _parameters(call))
    except UniqueViolation as error:
        raise _keys_exist([call.body.new_tag_key]) from error
    if changed is None:
        raise NotFound(NO_SUCH_TAG)
    if changed["growth"] > 0:
        _check_bytes(_measure(call), settings)


def rename_tag(call: Call[Any], settings: Configuration) -> None:
    """Give a tag another key. Errors as `change_tag`; its own key also is a Conflict."""
    change_tag(call, "rename_tag", settings)
    if call.body.new_tag_key == call.body.tag_key:
        raise _keys_exist([call.body.tag_key])


def _parameters(call: Call[Any]) -> dict[str, object]:
    return {**call.body.model_dump(), **own(call, call.body.customer_id)}


def _touch_customer(call: Call[Any], customer_id: UUID) -> None:
    if call.db.fetch_one(SQL["touch_customer"], own(call, customer_id)) is None:
        raise NotFound(NOT_FOUND)


def _measure(call: Call[Any]) -> Row:
    measured = call.db.fetch_one(SQL["measure_tags"], own(call, call.body.customer_id))
    assert measured is not None
    return measured


def _check_bytes(measured: Row, settings: Configuration) -> None:
    if measured["bytes"] > settings.customer_max_tag_bytes:
        raise Conflict(
            f"The customer's tags would have {measured['bytes']} bytes, keys and values together, at "
            f"most {settings.customer_max_tag_bytes} are kept; delete or shorten some first"
        )


def _keys_exist(keys: list[str]) -> Conflict:
    named = ", ".join(map(repr, keys))
    return Conflict(f"The customer has tags with these keys already: {named}; nothing was changed")
