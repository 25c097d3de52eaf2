"""The peer's ingest: its application called in this process, without HTTP, as ours is."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from typing import Any

from local.bench.peers.stopwatch import Result, Stopwatch, Task, tell
from local.relay.bench.items import item
from local.relay.bench.peers.team import app, engine

CODE = "bench"


def request(batch: int) -> bytes:
    return json.dumps({"data": [item(CODE) for _ in range(batch)]}).encode()


async def post(body: bytes) -> None:
    """One request by ASGI.

    Raises:
        RuntimeError: the answer is not 202.
    """
    said: list[dict[str, Any]] = []
    user = f"{os.environ['RELAY_INGEST_USER']}:{os.environ['RELAY_INGEST_PASSWORD']}"
    token = b"Basic " + base64.b64encode(user.encode())
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/events",
        "raw_path": b"/v1/events",
        "query_string": b"",
        "headers": [(b"authorization", token), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    await app(scope, receive, send)
    if said[0]["status"] != 202:
        raise RuntimeError(f"{said[0]['status']}: {said[-1].get('body')!r}")


async def ingest(task: Task) -> Result:
    """Post batches, one after another, until the time is up."""
    await post(request(task.batch))
    bodies = [request(task.batch) for _ in range(max(12, 1_000 // task.batch))]
    watch, done = Stopwatch(), 0
    for body in bodies:
        if watch.seconds > task.seconds:
            break
        await post(body)
        done += task.batch
    result = watch.stop(done)
    await engine.dispose()
    return result


if __name__ == "__main__":
    tell(asyncio.run(ingest(Task.from_environment())))
