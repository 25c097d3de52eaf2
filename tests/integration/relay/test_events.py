"""Events as an admin finds and reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.relay.conftest import Reply, deliver
from tests.integration.relay.test_slice import EVENT
from tests.support.receiver import Receiver

Call = Callable[..., Reply]
LIST = "/admin/v1/events"


@pytest.fixture
def events(call: Call, secret: str, receiver: Receiver, query: Any) -> list[int]:
    """Five events, of which the receiver refused one, and a row that is unresolved."""
    receiver.answer = lambda got: 422 if got.data["order_id"] == "2" else 200
    sent = [{**EVENT, "order_id": str(number)} for number in range(4)]
    sent.append({**EVENT, "order_id": "3", "event_name": "order_shipped"})
    results = call("POST", "/v1/events", {"data": sent}, user="oms").data["results"]
    deliver()
    query(
        "INSERT INTO marketing_events (event_id, storefront_code, event_type, event_payload, status,"
        " status_reason) VALUES ('77', 'nobody', 'paid', '{\"user\": {\"email\": \"jane@x.com\"}}',"
        " 'unresolved', 'no storefront has its id and code')"
    )
    return [result["id"] for result in results]


def found(call: Call, **wanted: Any) -> list[str]:
    """The ids of the events that are found, of all pages."""
    ids: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        reply = call("GET", LIST, **wanted, **cursor)
        assert reply.status == 200, reply
        ids += [event["event_id"] for event in reply.data["events"]]
        if reply.data["next_cursor"] is None:
            return ids
        cursor = {"cursor": reply.data["next_cursor"]}


def test_events_are_found_by_what_they_are(call: Call, events: list[int]) -> None:
    assert found(call) == ["77", "3", "3", "2", "1", "0"]
    assert found(call, limit=2) == ["77", "3", "3", "2", "1", "0"]
    assert found(call, storefront="bosley", limit=4) == ["3", "3", "2", "1", "0"]
    assert found(call, event_type="order_shipped") == ["3"]
    assert found(call, event_id="3") == ["3", "3"]
    assert found(call, event_id="77", status="unresolved") == ["77"]
    assert found(call, created_to="2020-01-01T00:00:00Z") == []
    assert len(found(call, created_from="2020-01-01T00:00:00Z")) == 6


def test_events_are_found_by_what_became_of_them(call: Call, events: list[int]) -> None:
    (lane,) = call("GET", "/admin/v1/lanes").data["lanes"]

    assert found(call, delivery_status="failed") == ["2"]
    assert found(call, delivery_status="delivered", lane_id=lane["lane_id"], limit=3) == [
        *("3", "3", "1", "0")
    ]
    assert found(call, destination="meta") == []
    assert found(call, reason="no storefront has its id and code") == ["77"]
    assert found(call, reason="no storefront has its id and code", destination="webhook") == []


def test_wrong_filters_are_refused(call: Call) -> None:
    wrong: list[dict[str, Any]] = [
        *({"cursor": "x"}, {"cursor": "WyJhIiwiYiJd"}, {"limit": 0}, {"lane_id": "1_0"}, {"id": 1})
    ]

    assert [call("GET", LIST, **wanted).status for wanted in wrong] == [422] * 5


def test_life_has_numbers_with_their_digits(call: Call, events: list[int]) -> None:
    life = call("GET", "/admin/v1/events/{id}", number=events[0])

    assert '"value":80.79' in life.text
    assert life.data["payload"]["value"] == 80.79


def test_unsealed_row_shows_no_person(call: Call, events: list[int]) -> None:
    (row,) = call("GET", LIST, event_id="77").data["events"]

    life = call("GET", "/admin/v1/events/{id}", number=row["id"])

    assert (life.status, life.data["payload"]) == (200, {})
    assert "jane" not in life.text
