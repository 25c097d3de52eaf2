"""What an admin does with platforms, credentials and tag managers, and what becomes of their lanes."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from chalicelib.relay import wiring
from chalicelib.relay.destinations.destination_lanes import skip_deleted
from tests.integration.relay.conftest import Reply, deliver
from tests.integration.relay.test_slice import EVENT
from tests.support.receiver import Receiver

Call = Callable[..., Reply]
CREDENTIAL = "/admin/v1/credentials/{id}"
STATES = "SELECT status, reason, maybe_delivered FROM event_deliveries ORDER BY event"
TOKEN = "EAAB" + "z9" * 40


@pytest.fixture
def shop(call: Call) -> int:
    """The number of a storefront without destinations."""
    made = call("POST", "/admin/v1/storefronts", {"storefront_id": "bosley", "name": "Bosley"})
    return int(made.data["id"])


@pytest.fixture
def meta(call: Call, shop: int) -> dict[str, Any]:
    """A credential of Meta's."""
    values = {"pixel_id": "12345", "access_token": TOKEN}
    wanted = {"storefront_id": shop, "platform_id": 2, "credentials": values}
    made = call("POST", "/admin/v1/credentials", wanted)
    assert made.status == 201, made
    found: dict[str, Any] = made.data
    return found


@pytest.fixture
def secret_text() -> str:
    """A webhook's secret, as somebody may bring along."""
    return "whsec_" + b64encode(bytes(32)).decode()


def send(call: Call, order: str = "1") -> None:
    sent = call("POST", "/v1/events", {"data": [{**EVENT, "order_id": order}]}, user="oms")
    assert sent.data["accepted"] == 1, sent


def only_credential(call: Call) -> int:
    (found,) = call("GET", "/admin/v1/credentials").data["credentials"]
    return int(found["id"])


def test_second_webhook_is_a_platform(call: Call, shop: int, receiver: Receiver) -> None:
    wanted = {"platform_code": "stock", "name": "Stock", "auth_type": "signature"}
    made = call("POST", "/admin/v1/platforms", {**wanted, "adapter": "webhook"})
    assert made.status == 201, made
    number = made.data["id"]
    destination = {"storefront_id": shop, "credentials": {}, "settings": {"url": receiver.url}}
    for platform in (7, number):
        added = call("POST", "/admin/v1/credentials", {**destination, "platform_id": platform})
        assert added.status == 201, added

    send(call)
    assert deliver() == {"delivered": 2}

    in_use = call("DELETE", "/admin/v1/platforms/{id}", number=number)
    assert (in_use.status, "1 credentials" in in_use.description) == (409, True)
    call("DELETE", CREDENTIAL, number=added.data["id"])
    assert call("DELETE", "/admin/v1/platforms/{id}", number=number).status == 200
    assert call("GET", "/admin/v1/platforms/{id}", number=number).status == 404


def test_platforms_are_listed_and_changed(call: Call) -> None:
    listed = call("GET", "/admin/v1/platforms").data["platforms"]
    changed = call("PATCH", "/admin/v1/platforms/{id}", {"name": "Facebook"}, number=2)
    unknown = {"platform_code": "x", "name": "X", "auth_type": "none", "adapter": "fax"}

    assert [each["platform_code"] for each in listed][:2] == ["sgtm", "meta"]
    assert (changed.data["name"], changed.data["adapter"]) == ("Facebook", "meta")
    assert call("POST", "/admin/v1/platforms", unknown).status == 422
    again = {**unknown, "adapter": "ga4", "platform_code": "meta"}
    assert call("POST", "/admin/v1/platforms", again).status == 409


def test_no_answer_shows_a_value(call: Call, meta: dict[str, Any], query: Any) -> None:
    number = meta["id"]
    answers = [
        call("GET", "/admin/v1/credentials"),
        call("GET", CREDENTIAL, number=number),
        call("PATCH", CREDENTIAL, {"credentials": {"access_token": TOKEN + "2"}}, number=number),
    ]

    assert [answer.status for answer in answers] == [200, 200, 200]
    assert not any(TOKEN in answer.text for answer in answers)
    read = answers[1].data
    assert (read["field_names"], read["key_id"]) == (["access_token", "pixel_id"], "k1")
    assert read["fingerprint"] == meta["fingerprint"] != answers[2].data["fingerprint"]
    assert query("SELECT count(*) AS n FROM audit_log WHERE reason LIKE '%%EAAB%%'") == [{"n": 0}]


def test_refusal_does_not_repeat_a_secret(call: Call, shop: int, meta: dict[str, Any]) -> None:
    wanted = {"storefront_id": shop, "platform_id": 2}
    for wrong in (TOKEN, [TOKEN], {"access_token": [TOKEN]}, {TOKEN: 1}):
        refused = [
            call("POST", "/admin/v1/credentials", {**wanted, "credentials": wrong}),
            call("PATCH", CREDENTIAL, {"credentials": wrong}, number=meta["id"]),
        ]
        assert [answer.status for answer in refused] == [422, 422], wrong
        assert not any(TOKEN[:12] in answer.text for answer in refused), wrong


def test_null_fields_are_left_out(
    call: Call, shop: int, secret_text: str, receiver: Receiver
) -> None:
    made = call(
        "POST",
        "/admin/v1/credentials",
        {
            "storefront_id": shop,
            "platform_id": 7,
            "credentials": {"secret": secret_text, "previous_secret": None},
            "settings": {"url": receiver.url, "event_map": None},
        },
    )

    assert made.status == 201, made
    assert made.data["field_names"] == ["secret"]
    assert made.data["settings"] == {"url": receiver.url}


def test_change_keeps_what_it_leaves_out(call: Call, meta: dict[str, Any]) -> None:
    number = meta["id"]
    settings = {"consent_mode": "required", "event_map": {"consult_started": None}}
    call("PATCH", CREDENTIAL, {"settings": settings}, number=number)
    changed = call("PATCH", CREDENTIAL, {"settings": {"consent_mode": None}}, number=number)
    wrong = call("PATCH", CREDENTIAL, {"credentials": {"pixel_id": None}}, number=number)

    assert changed.data["settings"] == {"event_map": {"consult_started": None}}
    assert changed.data["fingerprint"] == meta["fingerprint"]
    assert (wrong.status, wrong.description) == (422, "credentials.pixel_id: is missing")
    assert call("GET", CREDENTIAL, number=number).data["updated_at"] == changed.data["updated_at"]


def test_old_secret_signs_for_a_day(
    call: Call, secret: str, receiver: Receiver, query: Any
) -> None:
    changed = call("PATCH", CREDENTIAL, {"credentials": {}}, number=only_credential(call))
    send(call)
    deliver()

    made = changed.data["made"]["secret"]
    assert changed.data["field_names"] == ["previous_secret", "previous_until", "secret"]
    assert made != secret
    for each in (made, secret):
        Webhook(each).verify(receiver.got[0].body, dict(receiver.got[0].headers))


def test_missing_key_asks_for_new_values(
    call: Call, secret: str, environment: dict[str, str], receiver: Receiver
) -> None:
    number = only_credential(call)
    right = wiring.parts()
    key = '{"k2": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}'
    wiring.use(wiring.build({**environment, "RELAY_KEYS": key}))
    settings = call("PATCH", CREDENTIAL, {"settings": {"url": receiver.url}}, number=number)
    anew = call("PATCH", CREDENTIAL, {"credentials": {}}, number=number)
    send(call)
    delivered = deliver()
    wiring.parts().delivery().close()
    wiring.parts().close()
    wiring.use(right)

    assert (settings.status, "k1" in settings.description) == (409, True)
    assert (anew.status, anew.data["key_id"]) == (200, "k2")
    assert delivered == {"delivered": 1}


def test_deleted_destination_ends_what_is_pending(
    call: Call, secret: str, receiver: Receiver, query: Any
) -> None:
    send(call, "1")
    send(call, "2")
    query(
        "UPDATE event_deliveries SET lease_token = gen_random_uuid(), lease_until = now()"
        " WHERE event = (SELECT max(event) FROM event_deliveries)"
    )
    (shop,) = query("SELECT id FROM storefronts")
    left = call("DELETE", "/admin/v1/storefronts/{id}", number=shop["id"])
    gone = call("DELETE", CREDENTIAL, number=only_credential(call))

    assert (left.status, gone.status) == (409, 200)
    assert "1 destinations and 2 deliveries" in left.description
    assert query("SELECT count(*) AS n FROM platform_credentials") == [{"n": 0}]
    skipped = {"status": "skipped", "reason": "destination_deleted"}
    assert query(STATES) == [
        {**skipped, "maybe_delivered": False},
        {**skipped, "maybe_delivered": True},  # it was being sent
    ]
    assert (deliver(), receiver.got) == ({}, [])
    assert call("DELETE", "/admin/v1/storefronts/{id}", number=shop["id"]).status == 200


def test_event_accepted_meanwhile_is_skipped_later(call: Call, secret: str, query: Any) -> None:
    """An ingest that read the lanes before the deletion commits its delivery after it."""
    send(call)
    call("DELETE", CREDENTIAL, number=only_credential(call))
    query("UPDATE event_deliveries SET status = 'pending', ended_at = NULL, reason = NULL")

    assert skip_deleted(wiring.parts().request.database) == 1
    assert [row["reason"] for row in query(STATES)] == ["destination_deleted"]


@pytest.mark.parametrize("state", ["blocked", "failing"])
def test_mended_lane_is_tried_at_once(
    call: Call, secret: str, receiver: Receiver, query: Any, state: str
) -> None:
    send(call)
    query("UPDATE event_deliveries SET next_attempt_at = now() + interval '1 day'")
    query(
        "UPDATE relay_lanes SET state = %(state)s, failures = 5, open_until = 'infinity'",
        state=state,
    )
    assert deliver() == {}

    changed = call(
        "PATCH", CREDENTIAL, {"settings": {"url": receiver.url}}, number=only_credential(call)
    )

    assert changed.status == 200
    assert deliver() == {"delivered": 1}
    (lane,) = call("GET", "/admin/v1/lanes").data["lanes"]
    assert lane["state"] == "open"


def test_inactive_destination_keeps_its_backlog(
    call: Call, secret: str, receiver: Receiver, query: Any
) -> None:
    number = only_credential(call)
    send(call, "1")
    call("PATCH", CREDENTIAL, {"is_active": False}, number=number)
    send(call, "2")
    assert deliver() == {}
    assert [row["status"] for row in query(STATES)] == ["pending", "skipped"]

    call("PATCH", CREDENTIAL, {"is_active": True}, number=number)

    assert deliver() == {"delivered": 1}


def test_storefront_has_one_active_tag_manager(
    call: Call, shop: int, receiver: Receiver, query: Any
) -> None:
    wanted = {
        "storefront_id": shop,
        "sgtm_url": f"http://{receiver.allowed}",
        "measurement_id": "G-ABC123",
    }
    path = "/admin/v1/sgtm-configs"
    first = call("POST", path, wanted)
    second = call("POST", path, wanted)
    off = call("POST", path, {**wanted, "is_active": False})
    on = call("PATCH", path + "/{id}", {"is_active": True}, number=off.data["id"])
    send(call)

    assert (first.status, second.status, off.status, on.status) == (201, 409, 201, 409)
    assert (first.data["path"], first.data["warnings"]) == ("/mp/collect", [])
    assert deliver() == {"delivered": 1}
    assert query("SELECT DISTINCT reason FROM event_deliveries WHERE status = 'skipped'") == [
        {"reason": "destination_inactive"}
    ]
    number = first.data["id"]
    wrong = call("PATCH", path + "/{id}", {"path": "no path"}, number=number)
    moved = call("PATCH", path + "/{id}", {"path": "/events"}, number=number)
    assert (wrong.status, wrong.description) == (422, "path: must be a path such as /mp/collect")
    assert (moved.status, moved.data["path"]) == (200, "/events")
    assert call("DELETE", path + "/{id}", number=number).status == 200
    assert [each["id"] for each in call("GET", path).data["sgtm_configs"]] == [off.data["id"]]


def test_second_of_two_ways_warns(call: Call, meta: dict[str, Any]) -> None:
    shop = meta["storefront_id"]
    wanted = {"storefront_id": shop, "sgtm_url": "https://t.example.com", "measurement_id": "G-1"}
    manager = call("POST", "/admin/v1/sgtm-configs", wanted)
    tiktok = {"storefront_id": shop, "platform_id": 5, "credentials": {}}
    tiktok["credentials"] = {"ad_account_id": "1234567", "access_token": TOKEN}
    direct = call("POST", "/admin/v1/credentials", tiktok)

    assert meta["warnings"] == []
    for answer, name in ((manager, "meta"), (direct, "pinterest")):
        assert answer.status == 201, answer
        assert any(f"and {name} directly" in warning for warning in answer.data["warnings"])


@pytest.mark.parametrize("url", ["http://example.com/in", "https://10.0.0.1/in", "https://[::1]/"])
def test_address_not_allowed_is_refused(call: Call, shop: int, url: str) -> None:
    wanted = {"storefront_id": shop, "platform_id": 7, "credentials": {}, "settings": {"url": url}}

    refused = call("POST", "/admin/v1/credentials", wanted)

    assert (refused.status, refused.description.partition(":")[0]) == (422, "settings.url")


def test_accounts_rate_counts_for_new_lanes(
    call: Call, secret: str, shop_two: int, receiver: Receiver
) -> None:
    (lane,) = call("GET", "/admin/v1/lanes").data["lanes"]
    call("PATCH", "/admin/v1/lanes/{id}", {"requests_per_minute": 7}, number=lane["lane_id"])
    wanted = {"storefront_id": shop_two, "platform_id": 7, "credentials": {}}

    call("POST", "/admin/v1/credentials", {**wanted, "settings": {"url": receiver.url}})

    rates = [each["requests_per_minute"] for each in call("GET", "/admin/v1/lanes").data["lanes"]]
    assert rates == [7, 7]


@pytest.fixture
def shop_two(call: Call) -> int:
    """Another storefront."""
    made = call("POST", "/admin/v1/storefronts", {"storefront_id": "second", "name": "Second"})
    return int(made.data["id"])


def test_every_refusal_and_action_is_audited(call: Call, meta: dict[str, Any], query: Any) -> None:
    number = meta["id"]
    query("TRUNCATE audit_log")
    call("GET", "/admin/v1/lanes", user=None)
    call("GET", "/admin/v1/lanes", user="stranger")
    call("DELETE", CREDENTIAL, user="oms", number=number)
    call("GET", CREDENTIAL, number=number)
    call("DELETE", CREDENTIAL, number=number)

    rows = query("SELECT action, status_code, key_id FROM audit_log ORDER BY created_at")
    assert [(row["action"], row["status_code"], row["key_id"]) for row in rows] == [
        ("GET /admin/v1/lanes", 401, "(unknown)"),
        ("GET /admin/v1/lanes", 401, "(unknown)"),
        ("DELETE /admin/v1/credentials/{id}", 403, "oms"),
        (f"DELETE /admin/v1/credentials/{number}", 200, "admin"),
    ]


def test_refusal_of_the_old_secret_blocks_nothing(
    call: Call, secret: str, receiver: Receiver, query: Any
) -> None:
    number, mended = only_credential(call), []

    def refuse_until_mended(_got: object) -> int:
        if mended:
            return 200
        mended.append(call("PATCH", CREDENTIAL, {"credentials": {}}, number=number).status)
        wiring.parts().close()  # this thread's connections
        return 401

    receiver.answer = refuse_until_mended
    send(call)

    assert deliver() == {"configuration": 1, "delivered": 1}
    assert mended == [200]
    assert query("SELECT state, reason FROM relay_lanes") == [{"state": "open", "reason": None}]
