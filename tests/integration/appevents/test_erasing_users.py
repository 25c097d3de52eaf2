"""POST /api/v1/users/erase: no service keeps anything of the person, whatever comes late."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.appevents.machine import consume
from chalicelib.appevents.notification import erasing
from chalicelib.appevents.video.object_store import bucket_of
from chalicelib.appevents.wiring import Parts
from fintegrate.messaging.copies import REDRIVEN
from fintegrate.messaging.inbox import Rejected
from local.finding.places import Found, Wanted
from local.finding.tables import find_in_tables
from local.services.amqp import channel_on
from tests.integration.appevents.conftest import Reply, User
from tests.integration.appevents.feeds import SETTINGS, make_private
from tests.integration.appevents.posts import PostMaker
from tests.integration.appevents.test_comments import assert_counts_equal_rows
from tests.integration.appevents.test_ops import LETTERS, RECONCILE, REDRIVE, put
from tests.integration.appevents.test_uploads import uploaded
from tests.integration.appevents.test_video_events import METADATA, tell
from tests.support.schedules import run_schedule

ERASE = "/api/v1/users/erase"
WHO = "Ottilie"
SERVICES = ("machine", "program", "dm", "settings", "video")
Settle = Callable[[str], None]
Query = Callable[..., list[dict[str, Any]]]
Act = Callable[..., Reply]


@pytest.fixture
def operator(user: User, environment: dict[str, str]) -> Act:
    headers = {"Authorization": "", "X-API-Key": environment["ADMIN_API_KEY"]}
    return lambda *arguments, **more: user.call(*arguments, headers=headers, **more)


@pytest.fixture
def settle_all(settle: Settle) -> Callable[[], None]:
    def run() -> None:
        for service in SERVICES:
            settle(service)

    return run


@pytest.fixture
def erase(operator: Act, user: User, settle_all: Callable[[], None]) -> Callable[[], Any]:
    """Erases the user, and lets every service act; what became of it."""

    def run() -> Any:
        begun = operator("POST", ERASE, {"user_id": user.id, "reason": "ticket 4711"})
        assert begun.status == 202, begun
        settle_all()
        return operator("GET", ERASE, query={"user_id": user.id}).data

    return run


@pytest.fixture
def where(app_databases: dict[str, str]) -> Callable[[], list[str]]:
    """The columns of all services' databases that hold the name."""

    def look() -> list[str]:
        found = Found()
        for setting, url in app_databases.items():
            if setting.endswith("_MASTER_URL"):
                name = setting.partition("_")[0].lower()
                find_in_tables(url, name, Wanted(WHO), found)
        assert found.left_out == []
        return [place.name for place in found.places]

    return look


@pytest.fixture
def known(
    user: User, make_user: Callable[[], User], post_of: PostMaker, settle_all: Callable[[], None]
) -> str:
    """The user has told its name to every service; the id of another's post with its comment."""
    post = post_of(make_user().id, "Another's")
    program = user.tell("program.created", {"name": f"{WHO}'s", "description": WHO})
    workout = user.tell(
        "workout.created",
        {"program_id": program, "name": WHO, "position": 0, "exercises": []},
    )
    session = {"workout_id": workout, "started_at": "2026-11-26T18:00:00Z", "entries": []}
    user.tell(
        "workout.session.logged", {**session, "ended_at": "2026-11-26T19:00:00Z", "notes": WHO}
    )
    user.tell("machine.note.saved", {"machine_id": "m", "body": WHO})
    user.tell("equipment.prefs.submitted", {"machine_id": "m", "prefs": {"who": WHO}})
    user.tell("user.settings.submitted", {"display_name": WHO})
    user.tell("app.settings.submitted", {"theme": "dark"})
    talk = user.tell("dm.conversation.started", {"participant_ids": [make_user().id]})
    user.tell("dm.message.sent", {"conversation_id": talk, "body": f"I am {WHO}"})
    comment = user.tell("comment.created", {"post_id": post, "body": f"{WHO} was here"})
    settle_all()
    for kind, target in (("post", post), ("comment", comment)):
        user.tell("interaction.liked", {"target_id": target, "target_type": kind})
    uploaded(user, title=f"{WHO} lifts", filename=f"{WHO}.mp4")
    settle_all()
    return post


def test_nothing_tells_of_the_person(
    known: str,
    erase: Callable[[], Any],
    where: Callable[[], list[str]],
    operator: Act,
    query: Query,
) -> None:
    before = set(where())

    told = erase()

    assert {name.split(" ")[0] for name in before} == {"notify", *SERVICES}
    assert where() == []
    assert told["is_finished"], told
    assert {each["service"] for each in told["services"]} == {"notification", *SERVICES}
    assert_counts_equal_rows(query)
    assert query("video", "SELECT like_count, comment_count FROM feed_posts") == [
        {"like_count": 0, "comment_count": 0}
    ]
    ledger = operator("GET", RECONCILE).data
    assert ledger["balanced"], ledger


def test_what_happened_stays(
    known: str, user: User, erase: Callable[[], Any], query: Query
) -> None:
    kept = (
        "SELECT client_generated_id, event_type, sequence, outcome_status FROM events ORDER BY id"
    )
    before = query("notify", kept)

    erase()

    assert query("notify", kept)[: len(before)] == before
    (erasure,) = query("notify", "SELECT * FROM erasures")
    assert (erasure["last_sequence"], erasure["reason"]) == (len(before), "ticket 4711")
    assert [row["sequence"] for row in query("dm", "SELECT sequence FROM messages")] == [1]


def test_others_keep_what_is_theirs(
    make_user: Callable[[], User], erase: Callable[[], Any], settle: Settle, query: Query
) -> None:
    other = make_user()
    told = other.tell("machine.note.saved", {"machine_id": "m", "body": WHO})
    settle("machine")

    erase()

    assert other.state(told)["outcome"]["data"]["note_id"] == told
    assert query("machine", "SELECT body FROM machine_notes") == [{"body": WHO}]


def test_files_go_with_the_upkeep(
    known: str, user: User, erase: Callable[[], Any], running: Parts, query: Query
) -> None:
    (video,) = query("video", "SELECT video_id FROM videos")
    key, store = f"uploads/{user.id}/{video['video_id']}", bucket_of(running.settings).store
    assert store.look(key)
    erase()
    query("video", "UPDATE videos SET expires_at = now()")  # as its last URL has

    run_schedule("app_video_upkeep")

    assert store.look(key) is None


def test_video_in_the_making_is_not_shown(
    known: str, user: User, erase: Callable[[], Any], running: Parts, settle: Settle, query: Query
) -> None:
    (video,) = query(
        "video", "UPDATE videos SET status = 'processing', etag = 'e' RETURNING video_id"
    )
    erase()
    folder = f"media/{video['video_id']}"
    made = {"video_key": f"{folder}/e/v.mp4", "thumbnail_key": f"{folder}/e/t.jpg"}

    said = {"video_id": str(video["video_id"]), **made, "metadata": METADATA}
    tell(running, "media.processed", user.id, said)
    settle("video")

    own = "FROM feed_posts WHERE owner_id = %(user)s"
    (post,) = query("video", f"SELECT title, deleted_at, video_key {own}", user=user.id)
    assert (post["title"], post["video_key"]) == (None, made["video_key"])
    assert post["deleted_at"]


def test_message_that_comes_late_is_passed_over(
    user: User,
    erase: Callable[[], Any],
    running: Parts,
    settle: Settle,
    where: Callable[[], list[str]],
) -> None:
    told = user.tell("machine.note.saved", {"machine_id": "m", "body": WHO})
    with channel_on(running.settings.app_rabbitmq_url) as channel:
        _, properties, body = channel.basic_get("app.machine", auto_ack=True)
    assert erase()["is_finished"]

    put(running, "app.machine", body, message_id=told, headers=properties.headers)
    settle("machine")

    assert where() == []
    assert (user.state(told)["status"], user.state(told)["reason"]) == ("rejected", "erased")


def test_outcome_that_comes_late_says_nothing(
    user: User,
    pump: Callable[[str], dict[str, Any]],
    erase: Callable[[], Any],
    running: Parts,
    settle: Settle,
    where: Callable[[], list[str]],
) -> None:
    told = user.tell("user.settings.submitted", {"display_name": WHO})
    pump("settings")
    with channel_on(running.settings.app_rabbitmq_url) as channel:
        _, properties, body = channel.basic_get("app.notification", auto_ack=True)
    assert WHO.encode() in body
    erase()

    put(running, "app.notification", body, headers=properties.headers)
    settle("notification")

    assert where() == []
    state = user.state(told)
    assert (state["status"], state["outcome"]["data"]) == ("processed", {})


@pytest.mark.parametrize("is_swept_first", [True, False])
def test_dead_letters_lose_the_person(
    user: User,
    operator: Act,
    erase: Callable[[], Any],
    settle: Settle,
    where: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
    is_swept_first: bool,
) -> None:
    def refuse(*_arguments: Any) -> None:
        raise Rejected("no_room", f"the machine has no room for {WHO}")

    monkeypatch.setitem(consume.HANDLERS, "machine.note.saved", refuse)
    user.tell("machine.note.saved", {"machine_id": "m", "body": WHO})
    settle("machine")
    if is_swept_first:
        run_schedule("app_sweep_dead_letters")
        assert {"notify dead_letters.body", "notify dead_letters.error"} <= set(where())

    erase()
    run_schedule("app_sweep_dead_letters")

    (letter,) = operator("GET", LETTERS).data["dead_letters"]
    assert (letter["has_body"], letter["error"]) == (False, "erased")
    assert operator("POST", REDRIVE, {"service": "machine"}).data["redriven"] == 0
    assert where() == []


def test_redriven_letter_is_passed_over(
    user: User,
    erase: Callable[[], Any],
    running: Parts,
    settle: Settle,
    where: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An operator has sent it back before, and it arrives after the erasure."""

    def refuse(*_arguments: Any) -> None:
        raise Rejected("no_room", "the machine has no room")

    with monkeypatch.context() as patched:
        patched.setitem(consume.HANDLERS, "machine.note.saved", refuse)
        told = user.tell("machine.note.saved", {"machine_id": "m", "body": WHO})
        settle("machine")
    with channel_on(running.settings.app_rabbitmq_url) as channel:
        _, _, body = channel.basic_get("app.machine.dlq", auto_ack=True)
    erase()

    put(running, "app.machine", body, message_id=told, headers={REDRIVEN: 1})
    settle("machine")

    assert where() == []


def test_repeated_request_tells_of_the_running_one(
    user: User, operator: Act, erase: Callable[[], Any], query: Query
) -> None:
    wanted = {"user_id": user.id, "reason": "ticket 4711"}

    first, second = (operator("POST", ERASE, wanted).data for _ in range(2))

    ids = [[each["client_generated_id"] for each in told["services"]] for told in (first, second)]
    assert ids[0] == ids[1]
    assert len(query("notify", "SELECT 1 FROM erasures")) == 1
    done = erase()
    assert done["is_finished"]
    assert done["begun_at"] == first["begun_at"]


def test_what_is_told_later_is_erased_again(
    user: User, erase: Callable[[], Any], settle: Settle, where: Callable[[], list[str]]
) -> None:
    erase()
    told = user.tell("machine.note.saved", {"machine_id": "m", "body": WHO})
    settle("machine")
    assert user.state(told)["outcome"]["data"]["note_id"] == told
    assert where() != []

    assert erase()["is_finished"]

    assert where() == []


def test_many_events_are_emptied_in_batches(
    user: User,
    erase: Callable[[], Any],
    settle: Settle,
    where: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(erasing, "BATCH", 2)
    for _ in range(5):
        user.tell("machine.note.saved", {"machine_id": "m", "body": WHO})
    settle("machine")

    assert erase()["is_finished"]
    assert where() == []


def test_feed_loses_its_passcode(user: User, erase: Callable[[], Any], query: Query) -> None:
    private = {"visibility": "passcode", "passcode": "öffne dich 7"}
    assert user.call("PUT", "/api/v1/settings/feed-access", private).status == 200

    erase()

    kept = "SELECT visibility, passcode_hash, access_version FROM feed_access"
    assert query("settings", kept) == [
        {"visibility": "public", "passcode_hash": None, "access_version": 2}
    ]


def feed(query: Query) -> list[dict[str, Any]]:
    return query("video", "SELECT visibility, access_version FROM feed_owners")


def test_erased_feed_is_public_at_the_videos(
    user: User, erase: Callable[[], Any], settle: Settle, query: Query
) -> None:
    make_private(user)
    assert feed(query) == [{"visibility": "passcode", "access_version": 1}]

    erase()
    settle("video")

    assert feed(query) == [{"visibility": "public", "access_version": 2}]
    make_private(user)
    assert feed(query) == [{"visibility": "passcode", "access_version": 3}]


def test_untold_change_is_not_lost(
    user: User, erase: Callable[[], Any], settle: Settle, query: Query
) -> None:
    """The video database was away when the feed became public. The erasure deletes the event of it."""
    make_private(user)
    settle("video")
    assert user.call("PUT", SETTINGS, {"visibility": "public"}).status == 200
    settle("video")
    query("video", "UPDATE feed_owners SET visibility = 'passcode', access_version = 1")
    query("settings", "UPDATE outbox SET publish_status = 'pending', failure_reason = 'away'")

    erase()
    settle("video")

    assert feed(query) == [{"visibility": "public", "access_version": 3}]


def test_only_operators_may_erase(user: User, operator: Act, query: Query) -> None:
    wanted = {"user_id": user.id, "reason": "mine"}

    assert user.call("POST", ERASE, wanted).status == 403
    assert user.call("GET", ERASE, query={"user_id": user.id}).status == 403
    asked = {"event_type": "machine.user.erase_requested", "data": {"unsettled": []},
             "client_generated_id": str(uuid.uuid4()), "timestamp": "2026-11-26T10:00:00Z"}  # fmt: skip
    assert user.call("POST", "/api/v1/notify/events", asked).status == 422
    assert operator("GET", ERASE, query={"user_id": user.id}).status == 404
    assert query("notify", "SELECT 1 FROM erasures") == []


def test_act_is_in_the_audit_log(user: User, erase: Callable[[], Any], query: Query) -> None:
    erase()

    (row,) = query("notify", "SELECT * FROM audit_log WHERE action = 'POST /api/v1/users/erase'")
    assert (row["reason"], row["subject_owner_id"]) == ("ticket 4711", user.id)
    assert row["details"]["filter"] == {"user_id": user.id}
