"""Measures the packaged functions as they run in AWS: what the way to them costs, and a queue's rate.

The queues are the checkout's own, as the template names them. So nothing else may serve them meanwhile.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from functools import partial

from app import app
from local.appevents.bench.databases import AppDatabases
from local.appevents.bench.floor import RawLikes
from local.appevents.bench.likes import SIZE, batches, like, write_posts
from local.appevents.bench.user import EVENTS, User, note
from local.artifact.server import ArtifactServer
from local.aws_shapes.lambda_context import LambdaContext
from local.bench.http_load import request_bytes, run_load
from local.bench.raw_publisher import RawPublisher
from local.bench.timing import median, timed

ROUNDS, CALLS = 8, 50
WAITING, FLOOR_BATCHES = 5_000, 60
PATIENCE_SECONDS = 300
INVOCATIONS = "/2015-03-31/functions/AppMachine/invocations"
SETTLED = """
SELECT count(*), extract(epoch FROM max(processed_at) - min(processed_at))::float
FROM idempotency_keys
WHERE event_type = 'interaction.liked' AND processed_at > %(since)s
"""


def api_overhead(deployed: ArtifactServer, databases: AppDatabases) -> dict[str, float]:
    """The p50 that gateway and Runtime API add to a read, a list of a user's events."""
    user = User(databases.environment)
    user.call("POST", EVENTS, note())
    request = request_bytes("GET", EVENTS, f"Authorization: Bearer {user.token}")
    return _overhead("api", deployed.base_url, request, user.prepared("GET", EVENTS))


def consumer_overhead(deployed: ArtifactServer, batch: bytes) -> dict[str, float]:
    """The p50 that the Runtime API adds to a batch, which the function has seen before."""
    function = next(each for each in app.pure_lambda_functions if each.name == "app_machine").func
    event = json.loads(batch)

    def inside() -> None:
        function(event, LambdaContext("app_machine", 60))

    request = request_bytes("POST", INVOCATIONS, body=batch)
    return _overhead("consumer", deployed.control_url, request, inside)


def _overhead(
    name: str, url: str, request: bytes, inside: Callable[[], object]
) -> dict[str, float]:
    run_load(url, request, 1, CALLS)
    timed(inside, CALLS)
    through: list[float] = []
    within: list[float] = []
    for _ in range(ROUNDS):
        through += run_load(url, request, 1, CALLS).milliseconds
        within += timed(inside, CALLS)
    overhead = median(through) - median(within)
    return {
        f"app_{name}_warm_overhead_ms": overhead,
        f"app_{name}_warm_ms": statistics.median(through),
    }


def consume(databases: AppDatabases) -> dict[str, float]:
    """Likes a second that the event source brings to the function; the floor before and after it."""
    posts = write_posts(databases, WAITING)
    with RawLikes(databases) as raw:
        floor = _floor(raw, posts)
        rate = _drained(databases, posts)
        floor += _floor(raw, posts)
    floor_rate = 1000 * SIZE / median(floor)
    return {
        "consume_deployed_per_s": rate,
        "consume_deployed_floor_per_s": floor_rate,
        "consume_deployed_vs_floor": rate / floor_rate,
    }


def _floor(raw: RawLikes, posts: list[str]) -> list[float]:
    events = batches(map(like, posts[: SIZE * FLOOR_BATCHES]))
    return [timed(partial(raw.settle, event), 1)[0] for event in events]


def _drained(databases: AppDatabases, posts: list[str]) -> float:
    """Publish a like of each post; the rate between the first and the last that was applied."""
    ((since,),) = databases.rows("video", "SELECT clock_timestamp()")
    with RawPublisher(databases.rabbitmq_url) as publisher:
        publisher.publish([like(post) for post in posts])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        ((count, seconds),) = databases.rows("video", SETTLED, since=since)
        if count >= len(posts):
            return float(len(posts) / seconds)
        time.sleep(0.5)
    raise RuntimeError(f"{count} of {len(posts)} likes were applied")
