"""The ledger of events: sums and discrepancies from cells, which are counted groups of events.

Pure arithmetic. The number of committed events comes from the customers, their status comes from the
events. So missing and surplus rows are found. Leaves the reading to `reconcile`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from fintegrate.database import Row

PUBLISH_KINDS = ("published", "pending", "failed")
DELIVERY_KINDS = ("delivered", "undelivered", "delivery_failed", "dead_lettered")
KINDS = ("committed", *PUBLISH_KINDS, *DELIVERY_KINDS)
ARCHIVED = "archived"
"""How many of the committed lie in files; they count as what they were, too."""
DISCREPANCIES = (
    "missing_events",
    "events_of_no_customer",
    "events_of_anothers_customer",
    "events_beyond_the_last",
    "events_of_no_consumer",
    "publish_failed_unacknowledged",
    "deliveries_without_publish",
    "deliveries_without_receipt",
    "failures_without_cause",
    "receipts_that_contradict",
    "receipts_without_event",
)


def tenants_of(rows: Iterable[Row]) -> list[Row]:
    """The ledger of each tenant, from its cells (`read_cells` in reconcile.sql)."""
    return [_tenant(list(cells)) for _, cells in groupby(rows, itemgetter("consumer_id"))]


def total_of(tenants: Sequence[Row]) -> Row:
    """The ledger of all tenants together."""
    counts = {kind: sum(tenant[kind] for tenant in tenants) for kind in (*KINDS, ARCHIVED)}
    found = {
        name: sum(tenant["discrepancies"][name] for tenant in tenants) for name in DISCREPANCIES
    }
    ages = {kind: _oldest(t["oldest_age_hours"][kind] for t in tenants) for kind in KINDS}
    return _sums(counts, found, ages)


def _tenant(rows: list[Row]) -> Row:
    tenant = rows[0]
    cells = [row for row in rows if row["events"] is not None]
    counts, found, accounted, receipts = Counter[str](), Counter[str](), 0, 0
    for cell in cells:
        counts.update(dict.fromkeys(_kinds(cell), cell["events"]))
        found.update(dict.fromkeys(_discrepancies(cell), cell["events"]))
        counts[ARCHIVED] += cell["events"] if cell["archived"] else 0
        accounted += cell["events"] if cell["account"] == "accounted" else 0
        receipts += cell["events"] if cell["receipt"] is not None else 0
    committed = tenant["committed"] or 0
    counts["committed"] = committed
    found["missing_events"] = committed - accounted
    found["receipts_without_event"] = (tenant["receipts"] or 0) - receipts
    ages = {
        kind: _oldest(
            cell["oldest_age_hours"] for cell in cells if kind in ("committed", *_kinds(cell))
        )
        for kind in KINDS
    }
    return {
        "consumer_id": tenant["consumer_id"],
        "consumer_name": tenant["consumer_name"],
        **_sums(counts, found, ages),
    }


def _sums(counts: Any, found: Any, ages: dict[str, float | None]) -> Row:
    sums = {kind: counts[kind] for kind in KINDS}
    discrepancies = {name: found[name] for name in DISCREPANCIES}
    agree = sums["committed"] == sum(sums[kind] for kind in PUBLISH_KINDS) and sums[
        "published"
    ] == sum(sums[kind] for kind in DELIVERY_KINDS)
    return {
        "balanced": agree and not any(discrepancies.values()),
        **sums,
        ARCHIVED: counts[ARCHIVED],
        "oldest_age_hours": ages,
        "discrepancies": discrepancies,
    }


def _oldest(ages: Iterable[float | None]) -> float | None:
    return max((round(age, 5) for age in ages if age is not None), default=None)


def _kinds(cell: Row) -> Iterator[str]:
    """The kinds as which an event of this cell counts."""
    yield cell["publish_status"]
    if cell["publish_status"] != "published":
        return
    if cell["deliver_status"] == "failed":
        yield "dead_lettered" if cell["dead_letter"] else "delivery_failed"
    else:
        yield "delivered" if cell["deliver_status"] == "delivered" else "undelivered"


def _discrepancies(cell: Row) -> Iterator[str]:
    """The discrepancies of every event in this cell."""
    if cell["account"] != "accounted":
        yield f"events_{cell['account']}"
    if cell["consumer_name"] is None:
        yield "events_of_no_consumer"
    if _is_unacknowledged(cell):
        yield "publish_failed_unacknowledged"
    if cell["deliver_status"] != "pending" and cell["publish_status"] != "published":
        yield "deliveries_without_publish"
    yield from _contradiction(cell)


def _is_unacknowledged(cell: Row) -> bool:
    """Whether the events failed without anybody's word, and their consumer would want them."""
    failed = cell["publish_status"] == "failed" and not cell["given_up"]
    return failed and cell["consumer_status"] == "active"


def _contradiction(cell: Row) -> Iterator[str]:
    """The discrepancy between event and receipt. A receipt past its retention proves nothing."""
    receipt, said = cell["receipt"], cell["deliver_status"]
    if receipt is None:
        if said == "delivered" and cell["receipt_kept"]:
            yield "deliveries_without_receipt"
        if said == "failed" and cell["receipt_kept"] and not cell["dead_letter"]:
            yield "failures_without_cause"
    elif said not in _agreeing(receipt, dead_letter=cell["dead_letter"]):
        yield "receipts_that_contradict"


def _agreeing(receipt: str, *, dead_letter: bool) -> set[str]:
    """The delivery statuses that a receipt allows."""
    if receipt == "processed":
        return {"delivered"}
    if receipt == "received":  # may be rewound, or become a dead letter and be redelivered
        return {"delivered", "failed", "pending"} if dead_letter else {"delivered", "pending"}
    return {"failed", "pending"}  # pending: redelivered since
