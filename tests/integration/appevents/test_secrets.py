"""Secrets of events: sealed in rows and on the wire, opened where they belong, erased after a day."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet

from chalicelib.appevents import topology, wiring
from chalicelib.appevents.events.catalogue import with_secrets
from chalicelib.appevents.events.fields import is_sealed
from chalicelib.appevents.notification.accept import content
from chalicelib.appevents.notification.models import ClientEvent
from chalicelib.appevents.sealed_fields import SealedFields
from chalicelib.appevents.settings import passcodes
from fintegrate.access.key_ring import KeyRing
from fintegrate.access.sealing import Misplaced, Sealing
from fintegrate.http.validation import SECRET_FIELDS
from local.services.amqp import channel_on
from tests.integration.appevents.conftest import User, event
from tests.integration.appevents.feeds import SECRET, TABLES, Query, make_private
from tests.support.schedules import run_schedule

EVENTS = "/api/v1/notify/events"
ATTEMPT = "feed.access.attempt"
FIELDS = sorted({field for each in with_secrets().values() for field in each})
SERVICES = ("notify", "video", "settings", "program", "dm", "machine")
Settle = Callable[[str], None]
MakeUser = Callable[[], User]


@pytest.fixture(autouse=True)
def cheap(running: wiring.Parts, query: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    query("video", TABLES)
    monkeypatch.setattr(passcodes, "COST", 4)


def attempt(owner_id: str, passcode: Any = SECRET) -> dict[str, Any]:
    return {"feed_owner_id": owner_id, "passcode": passcode}


def rows(query: Query) -> str:
    """All that the databases keep of events."""
    kept = [query("notify", "SELECT * FROM events")]
    kept += [query(each, "SELECT * FROM outbox") for each in ("settings", "notify")]
    return json.dumps(kept, default=str, ensure_ascii=False)


def test_rows_and_wire_keep_no_secret(
    running: wiring.Parts, make_user: MakeUser, settle: Settle, query: Query
) -> None:
    viewer, owner = make_user(), make_user()
    make_private(owner)
    told = viewer.tell(ATTEMPT, attempt(owner.id))
    with channel_on(running.settings.app_rabbitmq_url) as channel:
        method, _, body = channel.basic_get("app.settings")
        assert body is not None
        assert method is not None
        channel.basic_nack(method.delivery_tag, requeue=True)
    said = json.loads(body)

    assert said["data"].keys() == {"feed_owner_id", "passcode"}
    assert said["data"]["passcode"].keys() == {"key_id", "sealed"}
    assert SECRET not in body.decode()
    assert SECRET not in rows(query)
    settle("settings")
    token = viewer.state(told)["outcome"]["data"]["access_token"]
    assert token.count(".") == 2
    assert token not in rows(query)
    assert query("notify", "SELECT payload FROM events") == [{"payload": None}]


def test_hash_of_a_secret_is_keyed(make_user: MakeUser, query: Query) -> None:
    viewer = make_user()
    said = event(ATTEMPT, attempt(viewer.id, "1234"))
    viewer.call("POST", EVENTS, said)

    (row,) = query("notify", "SELECT content_hash FROM events")
    text = content(ClientEvent.model_validate_json(json.dumps(said)))
    assert hashlib.sha256(text.encode()).hexdigest() not in row["content_hash"]
    assert row["content_hash"].startswith("k1.")


def test_secret_told_again_is_a_duplicate(make_user: MakeUser) -> None:
    viewer = make_user()
    told = viewer.tell(ATTEMPT, attempt(viewer.id))

    again = viewer.call("POST", EVENTS, event(ATTEMPT, attempt(viewer.id), told))
    other = viewer.call("POST", EVENTS, event(ATTEMPT, attempt(viewer.id, "another"), told))

    assert (again.status, again.data["duplicate"]) == (202, True)
    assert other.status == 409


def test_batch_compares_secrets(make_user: MakeUser) -> None:
    viewer, same = make_user(), str(uuid.uuid4())
    events = [event(ATTEMPT, attempt(viewer.id, each), same) for each in ("one", "one", "two")]

    reply = viewer.call("POST", f"{EVENTS}/batch", {"events": events})

    statuses = [each["status"] for each in reply.data["results"]]
    assert statuses == ["accepted", "duplicate", "conflict"]


@pytest.mark.parametrize(
    "wrong",
    ["", "x" * 65, 7654321, ["7654321"], "7654\x00321", {"key_id": "k1", "sealed": "7654321"}],
)
def test_wrong_passcode_is_not_repeated(user: User, wrong: Any) -> None:
    single = user.call("POST", EVENTS, event(ATTEMPT, attempt(user.id, wrong)))
    batch = user.call("POST", f"{EVENTS}/batch", {"events": [event(ATTEMPT, attempt("x", wrong))]})

    assert (single.status, "data.passcode: " in single.description) == (422, True), single
    (result,) = batch.data["results"]
    for text in (single.description, result["error"]):
        assert "7654" not in text
        assert "xxx" not in text


def test_plain_passcode_on_the_exchange_works(
    running: wiring.Parts, make_user: MakeUser, pump: Callable[..., Any], query: Query
) -> None:
    viewer, owner = make_user(), make_user()
    make_private(owner)
    said = {**event(ATTEMPT, attempt(owner.id)), "user_id": viewer.id}
    with channel_on(running.settings.app_rabbitmq_url) as channel:
        channel.basic_publish("app.events", ATTEMPT, json.dumps(said).encode())

    assert pump("settings")["applied"] == 1

    (kept,) = query("settings", "SELECT event_type FROM outbox WHERE causation_id IS NOT NULL")
    assert kept["event_type"] == "feed.access.granted"


def test_moved_secret_does_not_open(
    running: wiring.Parts, make_user: MakeUser, pump: Callable[..., Any], query: Query
) -> None:
    """Somebody who may publish takes another viewer's sealed passcode."""
    viewer, thief, owner = make_user(), make_user(), make_user()
    make_private(owner)
    viewer.tell(ATTEMPT, attempt(owner.id))
    (row,) = query("notify", "SELECT payload FROM events")
    said = {**event(ATTEMPT, row["payload"]), "user_id": thief.id}
    with channel_on(running.settings.app_rabbitmq_url) as channel:
        channel.basic_publish("app.events", ATTEMPT, json.dumps(said).encode())

    assert pump("settings") == {"messages": 2, "applied": 1, "dead": 1}

    rejected = "SELECT data FROM outbox WHERE event_type = 'event.rejected'"
    assert query("settings", rejected)[0]["data"]["reason_code"] == "unreadable_secret"


def purged() -> tuple[int, int]:
    """Runs the purge; how many rows of events, and of outboxes, lost their secrets."""
    done = run_schedule("app_purge")
    return done["event_secrets"], done["outbox_secrets"]


def test_secrets_are_erased_after_a_day(make_user: MakeUser, settle: Settle, query: Query) -> None:
    viewer, owner = make_user(), make_user()
    make_private(owner)
    settled = viewer.tell(ATTEMPT, attempt(owner.id))
    settle("settings")
    viewer.tell(ATTEMPT, attempt(owner.id, "waits"))
    assert purged() == (0, 0)

    query("notify", "UPDATE events SET erase_at = erase_at - interval '25 hours'")
    query("settings", "UPDATE outbox SET created_at = created_at - interval '25 hours'")

    assert purged() == (2, 1)
    assert purged() == (0, 0)
    assert "sealed" not in rows(query)
    outcome = viewer.state(settled)["outcome"]["data"]
    assert (outcome["feed_owner_id"], "access_token" in outcome) == (owner.id, False)


def test_plain_secret_leaves_its_dead_letter(
    running: wiring.Parts, make_user: MakeUser, query: Query
) -> None:
    """Of a message that somebody published by hand, whose event nobody accepted."""
    viewer = make_user()
    said = {**event(ATTEMPT, attempt(viewer.id, SECRET)), "user_id": viewer.id}
    with channel_on(running.settings.app_rabbitmq_url) as channel:
        channel.basic_publish("", "app.settings.dlq", json.dumps(said).encode())
        channel.basic_publish("", "app.machine.dlq", b'{"event_type": "machine.note.saved"}')
    run_schedule("app_sweep_dead_letters")
    assert run_schedule("app_purge")["dead_letter_secrets"] == 0

    query("notify", "UPDATE dead_letters SET taken_at = taken_at - interval '25 hours'")

    assert run_schedule("app_purge")["dead_letter_secrets"] == 1
    kept = query("notify", "SELECT event_type, body IS NULL AS is_gone FROM dead_letters")
    assert {each["event_type"]: each["is_gone"] for each in kept} == {
        ATTEMPT: True,
        "machine.note.saved": False,
    }


def test_lost_key_hides_the_secret_only(
    running: wiring.Parts,
    environment: dict[str, str],
    make_user: MakeUser,
    settle: Settle,
    caplog: pytest.LogCaptureFixture,
) -> None:
    viewer, owner = make_user(), make_user()
    make_private(owner)
    told = viewer.tell(ATTEMPT, attempt(owner.id))
    settle("settings")
    ring = json.dumps({"k2": Fernet.generate_key().decode()})
    other = wiring.build({**environment, "APP_KEYS": ring})
    wiring.use(other)

    outcome = viewer.state(told)["outcome"]["data"]
    again = viewer.call("POST", EVENTS, event(ATTEMPT, attempt(owner.id), told))

    assert "access_token" not in outcome
    assert outcome["feed_owner_id"] == owner.id
    assert "k1" in caplog.text
    assert again.data["duplicate"] is True
    other.close()


def test_secrets_are_in_no_log(
    make_user: MakeUser, settle: Settle, caplog: pytest.LogCaptureFixture
) -> None:
    viewer, owner = make_user(), make_user()
    with caplog.at_level("DEBUG"):
        make_private(owner)
        told = viewer.tell(ATTEMPT, attempt(owner.id))
        viewer.call("POST", EVENTS, event(ATTEMPT, attempt("nobody", SECRET)))
        settle("settings")
        token = viewer.state(told)["outcome"]["data"]["access_token"]

    assert SECRET not in caplog.text
    assert token not in caplog.text


def everything(query: Query) -> str:
    """Every row of every table of every service's database."""
    tables = (
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    )
    kept = [
        query(service, f"SELECT * FROM {table['relname']}")
        for service in SERVICES
        for table in query(service, tables)
    ]
    return json.dumps(kept, default=str, ensure_ascii=False)


def waiting(running: wiring.Parts) -> str:
    """Every message of every queue, with its headers; all go back."""
    found = []
    with channel_on(running.settings.app_rabbitmq_url) as channel:
        for queue in topology.names_of(running.settings):
            while True:
                method, properties, body = channel.basic_get(queue)
                if method is None or body is None:
                    break
                found.append(f"{queue} {properties} {body.decode()}")
    return "\n".join(found)


@pytest.mark.parametrize("size", [5, 150_000_000], ids=["whole", "parts"])
def test_upload_is_opened_for_its_user_only(
    running: wiring.Parts,
    make_user: MakeUser,
    pump: Callable[..., Any],
    query: Query,
    caplog: pytest.LogCaptureFixture,
    size: int,
) -> None:
    user, other = make_user(), make_user()
    video = {"filename": "squat.mp4", "content_type": "video/mp4", "size_bytes": size}
    kept = []
    with caplog.at_level("DEBUG"):
        told = user.tell("media.upload_requested", video)
        assert pump("video")["applied"] == 1
        kept += [everything(query), waiting(running)]
        assert told in kept[1]
        assert pump("notification")["applied"] == 1
        kept += [everything(query), waiting(running)]
        upload = user.state(told)["outcome"]["data"]["upload"]
        path = f"{EVENTS}/{{client_generated_id}}"
        assert other.call("GET", path, client_generated_id=told).status == 404

    urls = [each["url"] for each in upload.get("parts", [upload])]
    assert all("X-Amz-Signature=" in url for url in urls)
    for text in (*kept, caplog.text):
        assert "X-Amz-Signature" not in text
        assert f"uploads/{user.id}/{told}?" not in text
        assert not any(url in text for url in urls)
    assert '"sealed"' in kept[2]


def test_upload_is_erased_after_a_day(user: User, settle: Settle, query: Query) -> None:
    video = {"filename": "squat.mp4", "content_type": "video/mp4", "size_bytes": 5}
    told = user.tell("media.upload_requested", video)
    settle("video")
    assert "upload" in user.state(told)["outcome"]["data"]
    query("notify", "UPDATE events SET erase_at = erase_at - interval '25 hours'")
    query("video", "UPDATE outbox SET created_at = created_at - interval '25 hours'")

    assert purged() == (1, 1)

    assert user.state(told)["outcome"]["data"].keys() == {"video_id", "expires_at"}
    assert '"sealed"' not in everything(query)


def test_any_json_can_be_sealed() -> None:
    ring = json.dumps({"k1": Fernet.generate_key().decode()})
    sealed = SealedFields(lambda: Sealing(KeyRing("APP_KEYS", ring)))
    key = "media.upload_ready", "user", "event"
    for value in ("text", "1234", "", 7, 0, False, [1, "ü"], {}, {"url": "https://a?b", "n": None}):
        kept = sealed.seal(*key, {"upload": value, "video_id": "v"})

        assert is_sealed(kept["upload"])
        assert sealed.seal(*key, kept) == kept
        assert sealed.open(*key, kept) == {"upload": value, "video_id": "v"}
    assert sealed.seal(*key, {"upload": None}) == {"upload": None}


def test_errors_repeat_no_secret_field() -> None:
    assert SECRET_FIELDS.issuperset(FIELDS)


def test_answers_secret_opens_for_its_event_only() -> None:
    ring = json.dumps({"k1": Fernet.generate_key().decode()})
    sealed = SealedFields(lambda: Sealing(KeyRing("APP_KEYS", ring)))
    key = "feed.access.granted", "user", "event"
    kept = sealed.seal(*key, {"access_token": "a.b.c"})

    assert sealed.open(*key, kept) == {"access_token": "a.b.c"}
    with pytest.raises(Misplaced):
        sealed.open("feed.access.granted", "other", "event", kept)
