"""Comments and replies: every one is reachable, none comes twice, and counts equal the rows."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.appevents.feed_grants import write_grant
from chalicelib.appevents.feed_owners import change_visibility
from chalicelib.appevents.wiring import Parts
from tests.integration.appevents.conftest import User
from tests.integration.appevents.posts import PostMaker
from tests.support.waiting import eventually

COMMENTS, POST = "/api/v1/posts/{post_id}/comments", "/api/v1/posts/{post_id}"
Settle = Callable[[str], None]
Query = Callable[..., list[dict[str, Any]]]


def comment(user: User, post: str, parent: str | None = None, body: str = "Nice!") -> str:
    """Tell a comment; returns its id."""
    data = {"post_id": post, "body": body, **({"parent_id": parent} if parent else {})}
    return user.tell("comment.created", data)


def page(user: User, post: str, **query: object) -> Any:
    reply = user.call("GET", COMMENTS, post_id=post, query=query)
    assert reply.status == 200, reply
    return reply.data


def everything(user: User, post: str, parent: str | None = None) -> list[dict[str, Any]]:
    """Every comment that pages of two lead to, replies after the comment that they reply to."""
    found: list[dict[str, Any]] = []
    asked: dict[str, object] = {"limit": 2, **({"parent_id": parent} if parent else {})}
    while True:
        said = page(user, post, **asked)
        for each in said["comments"]:
            found.append(each)
            if each["reply_count"]:
                found += everything(user, post, each["comment_id"])
        if said["next_cursor"] is None:
            return found
        asked["cursor"] = said["next_cursor"]


def assert_counts_equal_rows(query: Query) -> None:
    wrong = query(
        "video",
        "SELECT post_id FROM feed_posts p WHERE comment_count <> (SELECT count(*) FROM comments c"
        " WHERE c.post_id = p.post_id AND c.deleted_at IS NULL)"
        " UNION ALL SELECT comment_id FROM comments c WHERE reply_count <> (SELECT count(*)"
        " FROM comments r WHERE r.parent_id = c.comment_id AND r.is_listed)",
    )
    assert wrong == []


def test_comment_is_written_and_told(user: User, settle: Settle, post_of: PostMaker) -> None:
    post = post_of(user.id)
    told = comment(user, post)
    settle("video")

    outcome = user.state(told)["outcome"]
    assert outcome["event_type"] == "comment.persisted"
    said = outcome["data"]
    assert said.pop("created_at")
    assert said == {
        "comment_id": told,
        "post_id": post,
        "parent_id": None,
        "depth": 1,
        "deleted": False,
    }
    (listed,) = page(user, post)["comments"]
    assert (listed["body"], listed["user_id"], listed["replies"]) == ("Nice!", user.id, [])
    assert user.call("GET", POST, post_id=post).data["comment_count"] == 1


def test_first_replies_come_with_a_comment(
    user: User, settle: Settle, post_of: PostMaker, query: Query
) -> None:
    post = post_of(user.id)
    top = comment(user, post)
    replies = [comment(user, post, top, f"{number}") for number in range(5)]
    settle("video")

    (listed,) = page(user, post)["comments"]
    assert listed["reply_count"] == 5
    assert [each["comment_id"] for each in listed["replies"]] == replies[:3]
    paged = [each["comment_id"] for each in everything(user, post, top)]
    assert paged == replies
    assert_counts_equal_rows(query)


@pytest.mark.parametrize("body", ["😀" * 2000, "\u05e9\u05dc\u05d5\u05dd", "two\nlines"])
def test_text_is_kept_as_sent(user: User, settle: Settle, post_of: PostMaker, body: str) -> None:
    post = post_of(user.id)
    comment(user, post, body=body)
    settle("video")

    assert page(user, post)["comments"][0]["body"] == body


def test_replies_go_eight_levels_deep(user: User, settle: Settle, post_of: PostMaker) -> None:
    post, parent = post_of(user.id), None
    for _ in range(8):
        parent = comment(user, post, parent)
    deeper = comment(user, post, parent)
    settle("video")

    assert user.state(deeper)["reason"] == "too_deep"
    assert [each["depth"] for each in everything(user, post)] == list(range(1, 9))


def test_reply_waits_for_its_parent(
    user: User, settle: Settle, post_of: PostMaker, pump: Callable[..., dict[str, Any]]
) -> None:
    post, parent = post_of(user.id), str(uuid.uuid4())
    reply = comment(user, post, parent)
    assert pump("video")["later"] == 1
    user.tell("comment.created", {"post_id": post, "body": "First"}, parent)

    def is_settled() -> bool:
        settle("video")
        return user.state(reply)["outcome"] is not None

    eventually(is_settled, "the reply was tried again")
    assert [each["comment_id"] for each in everything(user, post)] == [parent, reply]


def test_parent_of_another_post_is_rejected(user: User, settle: Settle, post_of: PostMaker) -> None:
    one, other = post_of(user.id), post_of(user.id)
    parent = comment(user, one)
    reply = comment(user, other, parent)
    settle("video")

    assert user.state(reply)["reason"] == "parent_not_found"


def test_hidden_post_looks_like_none(
    make_user: Callable[[], User], settle: Settle, post_of: PostMaker, running: Parts
) -> None:
    owner, viewer = make_user(), make_user()
    post, database = post_of(owner.id), running.service("video").request.database
    first = comment(owner, post)
    settle("video")
    change_visibility(database, owner.id, "passcode", 1)
    told = [
        comment(viewer, post),
        comment(viewer, str(uuid.uuid4())),
        viewer.tell("interaction.liked", {"target_type": "post", "target_id": post}),
        viewer.tell("interaction.liked", {"target_type": "comment", "target_id": first}),
    ]
    settle("video")

    outcomes = [viewer.state(each)["outcome"]["data"] for each in told]
    assert {outcome["reason_code"] for outcome in outcomes} == {"post_not_found"}
    assert {outcome["reason"] for outcome in outcomes} == {"There is no such post"}


@pytest.mark.parametrize(
    ("version", "seconds", "status"),
    [(1, 60, "processed"), (0, 60, "rejected"), (1, -1, "rejected")],
)
def test_grant_lets_a_viewer_comment(
    make_user: Callable[[], User],
    settle: Settle,
    post_of: PostMaker,
    running: Parts,
    version: int,
    seconds: int,
    status: str,
) -> None:
    owner, viewer = make_user(), make_user()
    post, database = post_of(owner.id), running.service("video").request.database
    change_visibility(database, owner.id, "passcode", 1)
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    write_grant(database, owner.id, viewer.id, version, ends)
    told = comment(viewer, post)
    settle("video")

    assert viewer.state(told)["status"] == status


def test_deleted_comment_with_replies_stays(
    make_user: Callable[[], User], settle: Settle, post_of: PostMaker, query: Query
) -> None:
    owner, author = make_user(), make_user()
    post = post_of(owner.id)
    top = comment(author, post)
    middle = comment(owner, post, top)
    last = comment(author, post, middle)
    settle("video")
    for user, each in ((author, top), (owner, middle)):
        user.tell("comment.deleted", {"comment_id": each})
    settle("video")

    listed = everything(owner, post)
    assert [each["comment_id"] for each in listed] == [top, middle, last]
    assert [each["deleted"] for each in listed] == [True, True, False]
    assert [each["body"] for each in listed] == [None, None, "Nice!"]
    assert owner.call("GET", POST, post_id=post).data["comment_count"] == 1
    assert_counts_equal_rows(query)
    author.tell("comment.deleted", {"comment_id": last})
    settle("video")
    assert everything(owner, post) == []
    assert_counts_equal_rows(query)


def test_only_author_and_owner_may_delete(
    make_user: Callable[[], User], settle: Settle, post_of: PostMaker, query: Query
) -> None:
    owner, author, other = make_user(), make_user(), make_user()
    post = post_of(owner.id)
    one, two = comment(author, post), comment(author, post)
    settle("video")
    refused = other.tell("comment.deleted", {"comment_id": one})
    done = owner.tell("comment.deleted", {"comment_id": one})
    twice = owner.tell("comment.deleted", {"comment_id": one})
    author.tell("comment.deleted", {"comment_id": two})
    settle("video")

    assert other.state(refused)["reason"] == "comment_not_found"
    for each in (done, twice):
        assert owner.state(each)["outcome"]["data"]["deleted"] is True
    assert page(owner, post)["comments"] == []
    assert_counts_equal_rows(query)


def test_id_of_another_comment_is_taken(
    make_user: Callable[[], User], settle: Settle, post_of: PostMaker, query: Query
) -> None:
    one, other = make_user(), make_user()
    post = post_of(one.id)
    same = comment(one, post)
    other.tell("comment.created", {"post_id": post, "body": "Mine"}, same)
    settle("video")

    assert other.state(same)["reason"] == "id_taken"
    assert [each["body"] for each in page(one, post)["comments"]] == ["Nice!"]
    assert_counts_equal_rows(query)
