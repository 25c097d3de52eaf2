"""Likes: of a user's likes and unlikes the later one counts, and counts equal the rows."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.video import CommentCreated, CommentDeleted, Liked
from chalicelib.appevents.video.comments import create_comment, delete_comment
from chalicelib.appevents.video.counts import SQL as COUNTS
from chalicelib.appevents.video.likes import like, unlike
from chalicelib.appevents.wiring import Parts
from fintegrate.database import Database
from fintegrate.messaging.inbox import Rejected
from tests.integration.appevents.conftest import User
from tests.integration.appevents.posts import PostMaker
from tests.integration.appevents.test_comments import assert_counts_equal_rows

LIKES, POST = "/api/v1/posts/{post_id}/likes", "/api/v1/posts/{post_id}"
Query = Callable[..., list[dict[str, Any]]]
NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)


def told(user_id: str, data: Any, sequence: int | None = None) -> Event[Any]:
    return Event(str(uuid.uuid4()), user_id, "", data, NOW, NOW, sequence, "", None)


def of_post(post: str) -> Liked:
    return Liked.model_validate({"target_type": "post", "target_id": uuid.UUID(post)})


def count(query: Query, post: str) -> tuple[int, int]:
    """What the post says, and the rows."""
    (row,) = query(
        "video",
        "SELECT like_count, (SELECT count(*) FROM likes WHERE target_id = post_id) AS rows"
        " FROM feed_posts WHERE post_id = %(post)s",
        post=post,
    )
    return row["like_count"], row["rows"]


def test_liking_is_told_and_listed(
    user: User, settle: Callable[[str], None], post_of: PostMaker
) -> None:
    post = post_of(user.id)
    data = {"target_type": "post", "target_id": post}
    liked = [user.tell("interaction.liked", data) for _ in range(2)]
    settle("video")

    for each in liked:
        said = user.state(each)["outcome"]
        assert said["event_type"] == "interaction.persisted"
        assert said["data"] == {"target_id": post, "liked": True, "like_count": 1}
    shown = user.call("GET", POST, post_id=post).data
    assert (shown["liked"], shown["like_count"]) == (True, 1)
    (listed,) = user.call("GET", LIKES, post_id=post).data["likes"]
    assert listed["user_id"] == user.id
    for _ in range(2):
        again = user.tell("interaction.unliked", data)
    settle("video")
    assert user.state(again)["outcome"]["data"]["liked"] is False
    assert user.call("GET", LIKES, post_id=post).data["likes"] == []


def test_comment_may_be_liked(
    user: User, settle: Callable[[str], None], post_of: PostMaker
) -> None:
    post = post_of(user.id)
    comment = user.tell("comment.created", {"post_id": post, "body": "Nice!"})
    user.tell("interaction.liked", {"target_type": "comment", "target_id": comment})
    settle("video")

    (listed,) = user.call("GET", f"{POST}/comments", post_id=post).data["comments"]
    assert (listed["liked"], listed["like_count"]) == (True, 1)


@pytest.mark.parametrize("seed", range(5))
def test_later_sequence_stands(running: Parts, post_of: PostMaker, query: Query, seed: int) -> None:
    post, user, database = post_of(str(uuid.uuid4())), str(uuid.uuid4()), _database(running)
    steps = [
        (number, random.Random(seed * 100 + number).choice([like, unlike])) for number in range(8)
    ]
    last = steps[-1][1]
    random.Random(seed).shuffle(steps)

    for number, step in steps:
        with database.transaction():
            step(database, told(user, of_post(post), number + 1))
        saved = count(query, post)
        assert saved[0] == saved[1]
    assert saved == ((1, 1) if last is like else (0, 0))


def test_comment_takes_no_posts_id(running: Parts, post_of: PostMaker) -> None:
    user, database = str(uuid.uuid4()), _database(running)
    post, other = post_of(str(uuid.uuid4())), post_of(user)
    said = CommentCreated.model_validate({"post_id": uuid.UUID(other), "body": "Mine"})

    with pytest.raises(Rejected) as refused, database.transaction():
        create_comment(database, told(user, said)._replace(id=post))

    assert refused.value.code == "id_taken"


@pytest.mark.parametrize("order", [("post", "comment"), ("comment", "post")])
def test_like_counts_for_its_type(
    running: Parts, post_of: PostMaker, query: Query, order: tuple[str, str]
) -> None:
    """A post can get the id of a comment that is older, because ids follow from those of clients."""
    user, database, (liked, unliked) = str(uuid.uuid4()), _database(running), order
    post = post_of(str(uuid.uuid4()))
    query(
        "video",
        "INSERT INTO comments (comment_id, post_id, user_id, body, depth)"
        " VALUES (%(post)s, %(post)s, %(user)s, 'Mine', 1)",
        post=post,
        user=user,
    )

    for number, (step, kind) in enumerate([(like, liked), (unlike, unliked)] * 3):
        data = Liked.model_validate({"target_type": kind, "target_id": uuid.UUID(post)})
        with database.transaction():
            step(database, told(user, data, number + 1))

    (wrong,) = query("video", COUNTS["wrong"])
    assert wrong["like_count"] == 0


def test_likes_at_once_are_counted(running: Parts, post_of: PostMaker, query: Query) -> None:
    post = post_of(str(uuid.uuid4()))
    users = [str(uuid.uuid4()) for _ in range(8)]
    database = _database(running)

    def storm(seed: int) -> None:
        chance = random.Random(seed)
        for number in range(20):
            with database.transaction():
                step = chance.choice([like, unlike])
                step(database, told(chance.choice(users), of_post(post), seed * 20 + number))
        database.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(storm, range(6)))

    saved = count(query, post)
    assert saved[0] == saved[1]


def test_comments_at_once_are_counted(running: Parts, post_of: PostMaker, query: Query) -> None:
    owner = str(uuid.uuid4())
    post, database = post_of(owner), _database(running)
    top = told(owner, CommentCreated.model_validate({"post_id": uuid.UUID(post), "body": "Top"}))
    with database.transaction():
        create_comment(database, top)

    def storm(seed: int) -> None:
        chance, own = random.Random(seed), [top.id]
        for _ in range(15):
            with database.transaction():
                _speak(database, chance, owner, post, own)
        database.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(storm, range(6)))

    assert_counts_equal_rows(query)


def _speak(database: Database, chance: random.Random, user: str, post: str, own: list[str]) -> None:
    """Reply to a comment of one's own, or delete one."""
    if len(own) > 2 and chance.random() < 0.4:
        gone = uuid.UUID(own.pop())
        delete_comment(database, told(user, CommentDeleted(comment_id=gone)))
        return
    parent = own[0] if len(own) > 6 else own[-1]
    said = {"post_id": uuid.UUID(post), "parent_id": uuid.UUID(parent), "body": "Reply"}
    event = told(user, CommentCreated.model_validate(said))
    create_comment(database, event)
    own.append(event.id)


def _database(running: Parts) -> Database:
    return running.service("video").request.database
