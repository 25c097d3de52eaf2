"""Credentials of platforms in the database: sealed, and shown to nobody."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.relay import places
from chalicelib.relay.delivery.adapters import adapter_of, webhook
from chalicelib.relay.delivery.fields import wrong_fields
from chalicelib.relay.delivery.shapes import Destination
from chalicelib.relay.destinations.destination_lanes import (
    Owner,
    change_lane,
    close_lane,
    double_counting,
    open_lane,
)
from chalicelib.relay.destinations.platforms import SQL as PLATFORMS
from chalicelib.relay.destinations.storefronts import SQL as STOREFRONTS
from chalicelib.relay.destinations.storefronts import found
from fintegrate.access.key_ring import KeyMissing
from fintegrate.access.sealing import Misplaced, Sealing, Unreadable
from fintegrate.database import Database, Row, UniqueViolation
from fintegrate.errors import Conflict, Invalid
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
Values = Mapping[str, Any]
TYPE = "credential"


def create(db: Database, sealing: Sealing, wanted: Values, now: datetime) -> Row:
    """Store a credential and open its lane; to be called in a transaction.

    A webhook's secret is made here, unless one is given, and returned this once.

    Raises:
        NotFound: there is no such storefront or platform.
        Invalid: a field of the credentials or the settings is wrong.
        Conflict: the storefront has a credential of this platform.
    """
    found(db.fetch_one(STOREFRONTS["lock"], {"id": wanted["storefront_id"]}))
    platform = found(db.fetch_one(PLATFORMS["share"], {"id": wanted["platform_id"]}), "platform")
    if platform["adapter"] == "sgtm":
        raise Invalid("platform_id: a tag manager has no secret; use /admin/v1/sgtm-configs")
    given, made = merged({}, wanted["credentials"]), {}
    if platform["adapter"] == "webhook" and "secret" not in given:
        made = webhook.new_credentials(None, now)
    values, settings = {**given, **made}, merged({}, wanted["settings"])
    destination = _checked(platform["adapter"], values, settings)
    row = {**wanted, **_sealed(sealing, wanted, values), "settings": json.dumps(settings)}
    try:
        created = db.fetch_all(SQL["create"], row)[0]
    except UniqueViolation as error:
        raise Conflict(
            "The storefront has a credential of this platform; change that one"
        ) from error
    owner = Owner(TYPE, created["id"])
    is_active, storefront = created["is_active"], created["storefront_id"]
    created["lane_id"] = open_lane(db, owner, storefront, destination, is_active=is_active)
    return _shown(db, created, platform["adapter"], made)


def change(db: Database, sealing: Sealing, credential: int, wanted: Values, now: datetime) -> Row:
    """Change a credential and its lane; to be called in a transaction. Null takes a field out.

    A webhook whose secret is changed signs with the former one, too, for a day.

    Raises:
        NotFound: there is no such credential.
        Invalid: a field of the credentials or the settings is wrong afterwards.
        Conflict: what is sealed cannot be opened, and the change needs it.
    """
    row = found(db.fetch_one(SQL["lock"], {"id": credential}), "credential")
    is_active = row["is_active"] if wanted["is_active"] is None else wanted["is_active"]
    settings = merged(row["settings"], wanted["settings"] or {})
    destination, sealed, made = None, dict.fromkeys(_SEALED), dict[str, str]()
    if wanted["credentials"] is not None or wanted["settings"] is not None:
        values = _opened(sealing, row, wanted)
        if wanted["credentials"] is not None:
            values, made = _changed(row, values, wanted["credentials"], now)
        destination = _checked(row["adapter"], values, settings)
        if wanted["credentials"] is not None:
            sealed = _sealed(sealing, row, values)
    changed = {**sealed, "id": credential, "settings": json.dumps(settings), "is_active": is_active}
    db.execute(SQL["change"], changed)
    change_lane(db, Owner(TYPE, credential), destination, is_active=is_active)
    return _shown(db, db.fetch_all(SQL["read"], {"id": credential})[0], row["adapter"], made)


def delete(db: Database, credential: int) -> None:
    """Erase a credential and close its lane; to be called in a transaction.

    Raises:
        NotFound: there is no such credential.
    """
    row = found(db.fetch_one(SQL["delete"], {"id": credential}), "credential")
    close_lane(db, Owner(TYPE, credential), row["storefront_id"])


def _changed(
    row: Row, old: Mapping[str, str], given: Values, now: datetime
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values after a change, and of these what was made here: no secret given means a new one."""
    rotates = row["adapter"] == "webhook" and (not given or "secret" in given)
    if not rotates or given.get("secret") == old.get("secret", ""):
        return merged(old, given), {}
    fresh = webhook.new_credentials(old, now)
    made = {} if given.get("secret") else {"secret": fresh["secret"]}
    return merged(fresh, {**given, **made}), made


def _opened(sealing: Sealing, row: Row, wanted: Values) -> Mapping[str, str]:
    """The old values; none if the ring lacks their key and new ones are there."""
    place = places.of_credential(row["storefront_id"], row["platform_id"])
    try:
        opened: Mapping[str, str] = sealing.open(
            row["key_id"], row["credentials_encrypted"], place
        ).reveal()
    except (KeyMissing, Unreadable, Misplaced) as error:
        if wanted["credentials"] is None:
            raise Conflict(f"RELAY_KEYS: {error}; mend it, or send the credentials anew") from None
        return {}
    return opened


def _checked(adapter: str, values: Values, settings: Values) -> Destination:
    rules = adapter_of(adapter)
    wrong = wrong_fields(rules.CREDENTIALS, values, "credentials")
    wrong += wrong_fields(rules.SETTINGS, settings, "settings")
    if wrong:
        raise Invalid("; ".join(wrong))
    return Destination(id="new", adapter=adapter, settings=settings, credentials=values)


_SEALED = ("text", "key_id", "field_names", "fingerprint")


def _sealed(sealing: Sealing, row: Values, values: Values) -> dict[str, Any]:
    place = places.of_credential(row["storefront_id"], row["platform_id"])
    sealed = sealing.seal(values, place)
    return {
        "text": sealed.text,
        "key_id": sealed.key_id,
        "field_names": sorted(values),
        "fingerprint": fingerprint(values),
    }


def merged(old: Values, change: Values) -> dict[str, Any]:
    """What is there after a change; null takes a field out."""
    return {name: value for name, value in {**old, **change}.items() if value is not None}


def _shown(db: Database, row: Row, adapter: str, made: Mapping[str, str]) -> Row:
    warnings = []
    if row["is_active"]:
        warnings = double_counting(db, row["storefront_id"], row["lane_id"], adapter)
    return {**row, "warnings": warnings, **({"made": made} if made else {})}


def fingerprint(values: Values) -> str:
    """Tells two versions of a credential apart; nobody can find the values from it.

    The values of tokens have far more possibilities than anybody can try.
    """
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
