"""POST and GET /customer/analytics: snapshots, and what changed from one to the next."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from functools import partial
from itertools import chain
from typing import Any

from tests.integration.banking.customer.tagging import add_tags, tags_of
from tests.support.banking import Bank, parts_with, together
from tests.support.broker import take
from tests.support.fixtures import Query

Snapshots = list[dict[str, Any]]


def snap(bank: Bank, customer_id: str) -> None:
    reply = bank.api.post("/customer/analytics", customer_id=customer_id)
    assert (reply.status, reply.data) == (201, {})


def snapshots(bank: Bank, customer_id: str, **wanted: object) -> Snapshots:
    reply = bank.api.get("/customer/analytics", customer_id=customer_id, **wanted)
    assert reply.status == 200, reply
    found: Snapshots = reply.data["snapshots"]
    return found


def pages(bank: Bank, customer_id: str, limit: int) -> list[Snapshots]:
    found: list[Snapshots] = []
    cursor: dict[str, str] = {}
    while True:
        reply = bank.api.get("/customer/analytics", customer_id=customer_id, limit=limit, **cursor)
        found.append(reply.data["snapshots"])
        if reply.data["next_cursor"] is None:
            return found
        cursor = {"cursor": reply.data["next_cursor"]}


def timeless(metrics: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metrics.items() if name != "customer_age_seconds"}


def test_first_snapshot_holds_tags_and_figures(bank: Bank, tagged: str) -> None:
    snap(bank, tagged)

    (snapshot,) = snapshots(bank, tagged)

    assert snapshot["tags"] == {"city": "Riga", "tier": "gold"}
    assert timeless(snapshot["metrics"]) == {
        "customer_creation_count": 1,
        "customer_status_change_count": 0,
        "delivered_count": 0,
        "delivery_failed_count": 0,
        "event_count": 1,
        "failed_count": 0,
        "pending_count": 0,
        "published_count": 1,
        "status": "ACTIVE",
        "tag_count": 2,
        "undelivered_count": 1,
    }
    assert snapshot["changed"] is None


def test_age_counts_from_the_creation(bank: Bank, customer_id: str, query: Query) -> None:
    query("UPDATE customers SET created_at = created_at - interval '1 hour'")

    snap(bank, customer_id)

    assert 3600 <= snapshots(bank, customer_id)[0]["metrics"]["customer_age_seconds"] < 3700


def test_events_are_counted_by_status(
    bank: Bank, customer_id: str, query: Query, rabbitmq_url: str
) -> None:
    for status in ("INACTIVE", "ACTIVE", "INACTIVE", "ACTIVE"):
        bank.api.patch("/customer/change-status", customer_id=customer_id, status=status)
    events = [delivery.body["event_id"] for delivery in take(rabbitmq_url, bank.name, 5)]
    bank.api.post("/events/confirm-delivery", event_id=events[0], status="processed")
    bank.api.post("/events/confirm-delivery", event_id=events[1], status="failed")
    for event, status in ((events[2], "pending"), (events[3], "failed")):
        query(
            "UPDATE customer_events SET publish_status = %(status)s, published_at = NULL "
            "WHERE event_id = %(event)s",
            event=event,
            status=status,
        )

    snap(bank, customer_id)

    assert timeless(snapshots(bank, customer_id)[0]["metrics"]) == {
        "customer_creation_count": 1,
        "customer_status_change_count": 4,
        "delivered_count": 1,
        "delivery_failed_count": 1,
        "event_count": 5,
        "failed_count": 1,
        "pending_count": 1,
        "published_count": 3,
        "status": "ACTIVE",
        "tag_count": 0,
        "undelivered_count": 1,
    }


def test_snapshot_lists_its_changes(bank: Bank, tagged: str) -> None:
    snap(bank, tagged)
    bank.api.patch("/customer/tag-value", customer_id=tagged, tag_key="city", new_tag_value="Rome")
    bank.api.delete("/customer/tag", customer_id=tagged, tag_key="tier")
    add_tags(bank, tagged, vip="yes", extra="")
    bank.api.patch("/customer/change-status", customer_id=tagged, status="INACTIVE")
    snap(bank, tagged)

    newest, first = snapshots(bank, tagged)

    assert newest["changed"]["tags"] == {
        "added": {"extra": "", "vip": "yes"},
        "removed": {"tier": "gold"},
        "changed": {"city": {"from": "Riga", "to": "Rome"}},
    }
    assert timeless(newest["changed"]["metrics"]) == {
        "customer_status_change_count": {"from": 0, "to": 1},
        "event_count": {"from": 1, "to": 2},
        "published_count": {"from": 1, "to": 2},
        "status": {"from": "ACTIVE", "to": "INACTIVE"},
        "tag_count": {"from": 2, "to": 3},
        "undelivered_count": {"from": 1, "to": 2},
    }
    assert first["changed"] is None


def test_nothing_changed_is_said_as_nothing(bank: Bank, tagged: str) -> None:
    for _ in range(2):
        snap(bank, tagged)

    changed = snapshots(bank, tagged)[0]["changed"]

    assert changed["tags"] == {"added": {}, "removed": {}, "changed": {}}
    assert timeless(changed["metrics"]) == {}


def change_tags(bank: Bank, customer_id: str, number: int) -> None:
    """Add, change and remove tags, so that the states differ in every way."""
    add_tags(bank, customer_id, **{f"new{number}": "1"})
    if number % 3:
        tag = {"customer_id": customer_id, "tag_key": f"new{number - 1}"}
        bank.api.patch("/customer/tag-value", **tag, new_tag_value=str(number))
    else:
        bank.api.delete("/customer/tag", customer_id=customer_id, tag_key=f"new{number}")


def test_every_page_is_what_was(bank: Bank, customer_id: str, query: Query) -> None:
    """Whole rows lie between those that hold changes only; each page begins anywhere among them."""
    states = []
    for number in range(45):
        change_tags(bank, customer_id, number)
        states.append(tags_of(bank, customer_id))
        snap(bank, customer_id)

    whole = snapshots(bank, customer_id, limit=200)

    assert [snapshot["tags"] for snapshot in whole] == states[::-1]
    assert list(chain(*pages(bank, customer_id, 7))) == whole
    assert list(chain(*pages(bank, customer_id, 1))) == whole
    forms = query("SELECT whole, count(*) AS count FROM customer_analytics GROUP BY whole")
    assert {row["whole"]: row["count"] for row in forms} == {True: 3, False: 42}


def test_stored_changes_are_small(bank: Bank, customer_id: str, query: Query) -> None:
    add_tags(bank, customer_id, **{f"tag{number}": "x" * 1000 for number in range(20)})

    for _ in range(3):
        snap(bank, customer_id)

    sizes = query(
        "SELECT octet_length(tags_json::text || metrics_json::text) AS size "
        "FROM customer_analytics ORDER BY snapshot_at"
    )
    assert [int(str(row["size"])) > 1000 for row in sizes] == [True, False, False]


def test_old_rows_are_read_and_followed(bank: Bank, customer_id: str, query: Query) -> None:
    """Rows from before are whole. There may be several of one time."""
    add_tags(bank, customer_id, city="Riga")
    for _ in range(3):
        snap(bank, customer_id)
    whole = snapshots(bank, customer_id)
    query("DELETE FROM customer_analytics")
    for snapshot in whole:
        query(
            "INSERT INTO customer_analytics (snapshot_id, customer_id, consumer_id, snapshot_at, "
            "tags_json, metrics_json) SELECT %(id)s, %(customer)s, %(consumer)s, "
            "'2999-01-01Z', %(tags)s, %(metrics)s",
            id=snapshot["snapshot_id"],
            customer=customer_id,
            consumer=bank.consumer_id,
            tags=json.dumps(snapshot["tags"]),
            metrics=json.dumps(snapshot["metrics"]),
        )

    add_tags(bank, customer_id, tier="gold")
    snap(bank, customer_id)
    found = snapshots(bank, customer_id)

    assert found[0]["tags"] == {"city": "Riga", "tier": "gold"}
    assert found[0]["changed"]["tags"]["added"] == {"tier": "gold"}
    assert {row["snapshot_id"] for row in found[1:]} == {row["snapshot_id"] for row in whole}
    assert [row["tags"] for row in found[1:]] == [{"city": "Riga"}] * 3


def test_snapshots_end_at_their_number(
    bank: Bank, customer_id: str, environment: dict[str, str]
) -> None:
    send = partial(bank.api.post, "/customer/analytics", customer_id=customer_id)

    with parts_with(environment, CUSTOMER_MAX_SNAPSHOTS="5"):
        replies = together([send] * 8)
        after = send()

    assert Counter(reply.status for reply in replies) == {201: 5, 409: 3}
    assert after.description == "The customer has 5 snapshots, at most 5 are kept"
    found = snapshots(bank, customer_id)
    assert len({row["snapshot_at"] for row in found}) == len(found) == 5


def test_pages_add_up_to_the_whole(bank: Bank, customer_id: str) -> None:
    for number in range(5):
        add_tags(bank, customer_id, **{f"tag{number}": "1"})
        snap(bank, customer_id)

    whole = snapshots(bank, customer_id)

    assert [len(snapshot["tags"]) for snapshot in whole] == [5, 4, 3, 2, 1]
    assert [snapshot["changed"] is None for snapshot in whole] == [False] * 4 + [True]
    for limit, sizes in ((1, [1] * 5), (2, [2, 2, 1]), (5, [5])):
        found = pages(bank, customer_id, limit)
        assert [len(page) for page in found] == sizes
        assert list(chain(*found)) == whole


def test_pages_are_stable_during_snapshots(bank: Bank, customer_id: str) -> None:
    for _ in range(3):
        snap(bank, customer_id)
    whole = snapshots(bank, customer_id)
    first = bank.api.get("/customer/analytics", customer_id=customer_id, limit=1).data
    snap(bank, customer_id)

    rest = snapshots(bank, customer_id, cursor=first["next_cursor"])

    assert first["snapshots"] + rest == whole


def test_no_snapshots_give_empty_page(bank: Bank, customer_id: str) -> None:
    reply = bank.api.get("/customer/analytics", customer_id=customer_id)

    assert (reply.status, reply.data) == (200, {"snapshots": [], "next_cursor": None})


def test_deleted_customer_keeps_its_pages(bank: Bank, customer_id: str) -> None:
    for _ in range(3):
        snap(bank, customer_id)
    whole = snapshots(bank, customer_id)

    bank.api.delete("/customer/data", customer_id=customer_id)

    assert list(chain(*pages(bank, customer_id, 2))) == whole
    assert bank.api.post("/customer/analytics", customer_id=customer_id).status == 404


def test_page_after_deleted_customer_is_empty(bank: Bank, customer_id: str, query: Query) -> None:
    for _ in range(2):
        snap(bank, customer_id)
    cursor = bank.api.get("/customer/analytics", customer_id=customer_id, limit=1).data[
        "next_cursor"
    ]
    bank.api.delete("/customer/data", customer_id=customer_id)
    query("UPDATE customer_analytics SET snapshot_at = snapshot_at + interval '1 day'")

    assert snapshots(bank, customer_id, cursor=cursor) == []


def test_unknown_customer_is_not_found(bank: Bank, customer_id: str) -> None:
    bank.api.delete("/customer/data", customer_id=customer_id)

    for unknown in (customer_id, str(uuid.uuid4())):
        reply = bank.api.get("/customer/analytics", customer_id=unknown)
        assert (reply.status, reply.description) == (404, "No such customer; check customer_id")


def test_same_idempotency_key_takes_one_snapshot(bank: Bank, customer_id: str) -> None:
    for _ in range(2):
        reply = bank.api(
            "POST",
            "/customer/analytics",
            {"customer_id": customer_id},
            headers={"Idempotency-Key": "once"},
        )
        assert reply.status == 201

    assert len(snapshots(bank, customer_id)) == 1
