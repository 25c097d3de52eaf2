"""Collects the evidence of a run: the database's rows, and what the platforms hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from fintegrate.queries import queries_beside
from local.chaos.faults.fault import Disturbance
from local.chaos.looking import rows
from local.machine.environment import may_use_proxy
from local.relay.chaos.evidence import Delivery, Event, Evidence, Held, Told
from local.relay.chaos.shops import Destination

SQL = queries_beside(__name__)


def query(database_url: str, statement: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a statement of this module's `.sql` file."""
    return rows(database_url, SQL[statement], **parameters)


def count(database_url: str, statement: str) -> int:
    """What such a statement counts."""
    return int(query(database_url, statement)[0]["count"])


def held_by(platforms_url: str, destinations: Sequence[Destination]) -> Iterator[Held]:
    """What the platforms' server has taken of these destinations' accounts."""
    url = f"{platforms_url}/_seen"
    answer = httpx.get(url, params={"ids": 1}, timeout=30, trust_env=may_use_proxy(url))
    seen = answer.raise_for_status().json()
    for each in destinations:
        account = seen.get(each.platform, {}).get(each.account, {})
        ids = Counter[str](account.get("ids", {}))
        yield Held(each.platform, each.account, ids, account.get("counted_again", 0))


def gather(
    database_url: str,
    platforms_url: str,
    destinations: Sequence[Destination],
    told: Sequence[Told],
    disturbances: Sequence[Disturbance] = (),
    interruptions: Sequence[Disturbance] = (),
) -> Evidence:
    """Collect everything about these destinations' storefronts."""
    shops = {each.shop for each in destinations}
    events = [Event(**row) for row in query(database_url, "events")]
    deliveries = [Delivery(**row) for row in query(database_url, "deliveries")]
    return Evidence(
        destinations=destinations,
        told=told,
        events=[event for event in events if event.shop in shops],
        deliveries=[delivery for delivery in deliveries if delivery.shop in shops],
        held=list(held_by(platforms_url, destinations)),
        disturbances=disturbances,
        interruptions=interruptions,
        unread_rows=count(database_url, "unread_rows"),
    )
