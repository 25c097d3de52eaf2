"""Likes as messages of the video service's queue, in the batches that an event source hands over."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from app import app
from chalicelib.appevents.envelope import compose
from fintegrate.messaging.message import Message
from local.appevents.bench.databases import VIRTUAL_HOST, AppDatabases
from local.aws_shapes import queue_event
from local.aws_shapes.lambda_context import LambdaContext

QUEUE, SIZE, SECONDS = "app.video", 10, 60
WRITE_POSTS = """
INSERT INTO feed_posts (post_id, owner_id, video_id, title, is_public, video_key, thumbnail_key,
                        duration_ms, width, height)
SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'Post ' || n, true, 'media/video.mp4',
       'media/thumbnail.jpg', 10000, 1280, 720
FROM generate_series(1, %(count)s) n
RETURNING post_id
"""
_tags = count(1)


def write_posts(databases: AppDatabases, number: int) -> list[str]:
    """Write public posts, each of another owner; returns their ids."""
    posts = [post for (post,) in databases.rows("video", WRITE_POSTS, count=number)]
    databases.rows("video", "VACUUM (ANALYZE) feed_posts")
    return posts


def like(post: str, kind: str = "interaction.liked") -> Message:
    """The message of a like by a user who has told nothing else."""
    now = datetime.now(UTC)
    row = {
        "id": next(_tags),
        "event_type": kind,
        "client_generated_id": str(uuid.uuid4()),
        "user_id": str(uuid.uuid4()),
        "sequence": 1,
        "data": {"target_type": "post", "target_id": post},
        "told_at": now,
        "effective_at": now,
        "received_at": now,
        "request_id": str(uuid.uuid4()),
    }
    return compose(row, source_service="frontend")


def batches(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """The events of an event source for these messages."""
    return [
        queue_event.queue_event(QUEUE, VIRTUAL_HOST, map(_delivered, batch))
        for batch in _parts(list(messages))
    ]


def settling(events: Iterable[Mapping[str, Any]], dead: int = 0) -> list[Callable[[], None]]:
    """Calls of the video service's function, each with a batch of which `dead` can never succeed.

    Raises (when called):
        RuntimeError: the batch ended in another way
    """
    function = next(each for each in app.pure_lambda_functions if each.name == "app_video").func
    expected = {"messages": SIZE, "applied": SIZE - dead, **({"dead": dead} if dead else {})}

    def settle(event: Mapping[str, Any]) -> None:
        counts = function(event, LambdaContext("app_video", SECONDS))
        if counts != expected:
            raise RuntimeError(f"a batch ended as {counts}")

    return [_bound(settle, event) for event in events]


def _bound(
    settle: Callable[[Mapping[str, Any]], None], event: Mapping[str, Any]
) -> Callable[[], None]:
    return lambda: settle(event)


def _delivered(message: Message) -> queue_event.Message:
    return queue_event.Message(message.body, message.properties, False, next(_tags))


def _parts(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    for start in range(0, len(messages), SIZE):
        yield messages[start : start + SIZE]
