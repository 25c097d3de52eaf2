"""Search: events by number and own id, lanes by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.integration.relay.conftest import Reply

Call = Callable[..., Reply]
Query = Callable[..., list[dict[str, Any]]]
PATH = "/relay/events/search"


def hits(call: Call, text: str) -> list[dict[str, str]]:
    reply = call("GET", PATH, q=text)
    assert reply.status == 200, reply
    return list(reply.data["hits"])


def test_events_are_found_by_number_and_id(
    call: Call, make_lane: Any, make_events: Any, query: Query
) -> None:
    lane, other = make_lane(), make_lane()
    (event,), (twin,) = make_events(lane, 1), make_events(other, 1)
    query("UPDATE marketing_events SET identity = 'A/17', event_id = 'A/17'")
    query(
        "INSERT INTO marketing_events (event_id, storefront_code, status, status_reason)"
        " VALUES ('A/17', 'nobody', 'unresolved', 'no storefront has its code')"
    )

    by_number, exactly = hits(call, f" {event} "), hits(call, f"{event}-{lane}")
    by_id = hits(call, "A/17")

    assert [(hit["kind"], hit["id"], hit["link"]) for hit in by_number] == [
        ("event", str(event), f"/events?event={event}")
    ]
    assert by_number[0]["title"].endswith(", 1 destination")
    assert exactly[0]["link"] == f"/event?event_id={event}-{lane}"
    assert [hit["id"] for hit in by_id[1:]] == [str(twin), str(event)]
    assert by_id[0]["title"].endswith("of nobody, unresolved: no storefront has its code")


def test_lanes_are_found_by_their_beginnings(call: Call, make_lane: Any, query: Query) -> None:
    lane, gone = make_lane(), make_lane()
    query("UPDATE relay_lanes SET deleted_at = now() WHERE lane_id = %(lane)s", lane=gone)

    (found,) = hits(call, "WebHook")

    assert (found["kind"], found["link"]) == ("stream", f"/events?stream={lane}")
    assert [hit["id"] for hit in hits(call, found["title"][:5])] == [str(lane)]


def test_nothing_is_found_for_anything_else(call: Call, make_lane: Any) -> None:
    make_lane()

    for text in ("<script>", "🙂", "9" * 25, "0", "1-", "%", "' OR 1=1"):
        assert hits(call, text) == [], text
    wrong = ({"q": ""}, {}, {"q": "x" * 201}, {"q": "\0"}, {"q": "1", "stream": 1})
    assert [call("GET", PATH, **each).status for each in wrong] == [422] * 5
    assert [call("GET", PATH, q="1", user=user).status for user in ("oms", None)] == [403, 401]
