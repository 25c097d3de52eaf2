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
from chalicelib.relay.destinations.storefronts import SQL as STOREFRONTS
from chalicelib.relay.destinations.storefronts import found
from fintegrate.access.sealing import Sealing
from fintegrate.database import Database, Row, UniqueViolation
from fintegrate.errors import Conflict, Invalid, NotFound
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
Values = Mapping[str, Any]


def create(db: Database, sealing: Sealing, wanted: Values, now: datetime) -> Row:
    """Store a credential and open its lane; to be called in a transaction.

    A webhook's secret is made here, unless one is given, and returned this once.

    Raises:
        NotFound: there is no such storefront or platform.
        Invalid: a field of the credentials or the settings is wrong.
        Conflict: the storefront has a credential of this platform.
    """
    found(db.fetch_one(STOREFRONTS["lock"], {"id": wanted["storefront_id"]}))
    platform = db.fetch_one(SQL["read_platform"], wanted)
    if platform is None:
        raise NotFound("No such platform; check platform_id")
    adapter = adapter_of(platform["adapter"])
    given, made = dict(wanted["credentials"]), {}
    if platform["adapter"] == "webhook" and "secret" not in given:
        made = webhook.new_credentials(None, now)
    values, settings = {**given, **made}, wanted["settings"]
    wrong = wrong_fields(adapter.CREDENTIALS, values, "credentials")
    wrong += wrong_fields(adapter.SETTINGS, settings, "settings")
    if wrong:
        raise Invalid("; ".join(wrong))
    place = places.of_credential(wanted["storefront_id"], wanted["platform_id"])
    sealed = sealing.seal(values, place)
    row = {
        **wanted,
        "text": sealed.text,
        "key_id": sealed.key_id,
        "field_names": sorted(values),
        "fingerprint": fingerprint(values),
        "settings": json.dumps(settings),
    }
    try:
        created = db.fetch_all(SQL["create"], row)[0]
    except UniqueViolation as error:
        raise Conflict(
            "The storefront has a credential of this platform; change that one"
        ) from error
    destination = Destination(
        id="new", adapter=platform["adapter"], settings=settings, credentials=values
    )
    lane_id = _open_lane(db, created, destination)
    return {**created, "lane_id": lane_id, **({"made": made} if made else {})}


def _open_lane(db: Database, created: Row, destination: Destination) -> int:
    adapter = adapter_of(destination.adapter)
    lane = {
        "id": created["id"],
        "storefront_id": created["storefront_id"],
        "adapter": destination.adapter,
        "is_active": created["is_active"],
        "requests_per_minute": adapter.REQUESTS_PER_MINUTE,
        "concurrency": adapter.CONCURRENCY,
        "account": adapter.account(destination),
    }
    db.execute(SQL["create_account"], lane)
    return int(db.fetch_all(SQL["create_lane"], lane)[0]["lane_id"])


def fingerprint(values: Values) -> str:
    """Tells two versions of a credential apart; nobody can find the values from it.

    The values of tokens have far more possibilities than anybody can try.
    """
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
