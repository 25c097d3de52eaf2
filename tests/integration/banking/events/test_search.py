"""GET /events/search: what a text is the id of, and nothing of another tenant."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.plans import rows_read

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
HEADERS = {"X-Request-Id": "Look-Here", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
LETTER = """
INSERT INTO dead_letters (queue_name, consumer_id, event_id, reason, body, properties_json, fingerprint)
SELECT 'q', consumer_id, event_id, 'rejected', '', '{}', event_id::text
FROM customer_events WHERE consumer_id = %(id)s
RETURNING dead_letter_id, event_id
"""


def hits(api: Api, text: object) -> list[dict[str, Any]]:
    reply = api.get("/events/search", q=text)
    assert reply.status == 200, reply
    found: list[dict[str, Any]] = reply.data["hits"]
    return found


def ids_of(bank: Bank, query: Query) -> dict[str, str]:
    """A customer of the bank, with all by which it can be found."""
    customer = bank.api("POST", "/customer/data", {"name": "Ada"}, headers=HEADERS)
    (letter,) = query(LETTER, id=bank.consumer_id)
    return {
        "customer": customer.data["customer_id"],
        "event": str(letter["event_id"]),
        "letter": str(letter["dead_letter_id"]),
        "request": "Look-Here",
        "trace": TRACE,
    }


def test_each_kind_is_found(bank: Bank, query: Query, admin: Api) -> None:
    for kind, text in ids_of(bank, query).items():
        for api in (bank.api, admin):
            (hit,) = hits(api, f" {text} ")
            assert (hit["kind"], hit["id"]) == (kind, text)
            assert hit["link"].startswith("#/")
            assert "Ada" not in hit["title"]
    assert hits(bank.api, TRACE.upper())[0]["kind"] == "trace"


def test_foreign_ids_are_not_found(make_bank: Callable[[], Bank], query: Query) -> None:
    owner, other = make_bank(), make_bank()

    for text in ids_of(owner, query).values():
        foreign = other.api.get("/events/search", q=text)
        assert foreign.data == {"hits": []}


def test_only_admin_finds_banks(make_bank: Callable[[], Bank], admin: Api) -> None:
    bank, other = make_bank(), make_bank()

    (hit,) = hits(admin, bank.name.upper())
    assert (hit["kind"], hit["id"], hit["title"]) == ("bank", bank.consumer_id, bank.name)
    assert [hit["id"] for hit in hits(admin, other.consumer_id)] == [other.consumer_id]
    assert hits(admin, "%") == hits(admin, "_") == []
    assert hits(bank.api, bank.name[:8]) == []


def test_own_trace_leads_to_event(bank: Bank, query: Query) -> None:
    bank.create_customer()
    (row,) = query("SELECT * FROM customer_events WHERE consumer_id = %(id)s", id=bank.consumer_id)

    (hit,) = hits(bank.api, str(row["event_id"]).replace("-", ""))

    assert (hit["kind"], hit["id"]) == ("event", row["event_id"])


def test_request_of_many_is_one_hit(bank: Bank) -> None:
    for _ in range(25):
        bank.api("POST", "/customer/data", {"name": "Ada"}, headers={"X-Request-Id": "same"})

    (hit,) = hits(bank.api, "same")

    assert hit["title"] == "20 or more events of one request"
    assert hit["link"] == "#/events?request_id=same"


@pytest.mark.parametrize("text", ["", " ", "a\x00b", "a" * 201])
def test_what_cannot_be_is_refused(bank: Bank, text: str) -> None:
    assert bank.api.get("/events/search", q=text).status == 422


@pytest.mark.parametrize("text", ["<script>", "\u200fabc", "😀", "a" * 200, "' OR 1=1"])
def test_strange_text_finds_nothing(bank: Bank, admin: Api, text: str) -> None:
    assert hits(bank.api, text) == hits(admin, text) == []


def test_search_reads_few_rows(make_bank: Callable[[], Bank], query: Query) -> None:
    """The rows of another's request, trace and customer are not visited, however many there are."""
    owner, other = make_bank(), make_bank()
    found = ids_of(owner, query)
    query(
        "INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,"
        " payload_json, metadata_json, created_at)"
        " SELECT consumer_id, customer_id, n, event_type, source_service, payload_json, metadata_json,"
        " created_at FROM customer_events, generate_series(2, 5000) n WHERE event_id = %(id)s;"
        " ANALYZE customer_events",
        id=found["event"],
    )

    with rows_read({"search"}) as read:
        for text in (*found.values(), uuid.uuid4()):
            assert hits(other.api, text) == []
            assert len(hits(owner.api, text)) <= 20

    assert read["search"] < 300
