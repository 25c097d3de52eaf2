"""The tasks of a process: requests of users, and batches of queues as an event source hands them out."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.appevents.chaos import haste, sabotage
from local.appevents.tokens import make_token
from local.aws_shapes.lambda_context import LambdaContext
from local.aws_shapes.proxy_event import IncomingRequest, proxy_event
from local.aws_shapes.queue_event import Message, queue_event
from local.chaos.sabotage import VARIABLE
from local.chaos.scheduled_run import ScheduledRun
from local.services.amqp import channel_on

EVENTS, BATCH = "/api/v1/notify/events", "/api/v1/notify/events/batch"
MOST = 10
SECONDS = 60.0
ADMIN = ""
"""Instead of a user: the operator."""
QUEUES = ("video", "settings", "program", "dm", "machine", "processing", "notification")
HOST = "app"


class Refused(Exception):
    """A call was refused; the text is the system's own."""


@dataclass(frozen=True)
class Call:
    """One request to the API's function, as the gateway passes it; `path` has `parameters` in braces."""

    user: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    sabotage: str = ""

    def __call__(self) -> dict[str, Any]:
        """The data of its answer, and its status as `status_code`.

        Raises:
            Refused: the answer is no success.
        """
        from app import app

        haste.prepare()
        sabotage.commit({VARIABLE: self.sabotage})
        request = IncomingRequest(
            method=self.method,
            path=self.path.format(**self.parameters),
            query="",
            headers=list(self._headers().items()),
            body=b"" if self.body is None else json.dumps(self.body).encode(),
            source_ip="127.0.0.1",
            resource=self.path,
            parameters=dict(self.parameters),
            request_id="kill-point",
        )
        answer = app(proxy_event(request), LambdaContext("api_handler", 29))
        said = json.loads(answer["body"])
        if answer["statusCode"] >= 300:
            words = said["detail"]["status_description"]
            raise Refused(f"{self.method} {self.path}: {answer['statusCode']} {words}")
        return {**said["data"], "status_code": answer["statusCode"]}

    def _headers(self) -> dict[str, str]:
        said = {"Content-Type": "application/json"}
        if self.user == ADMIN:
            return {**said, "X-API-Key": os.environ["ADMIN_API_KEY"]}
        return {**said, "Authorization": f"Bearer {make_token(os.environ, self.user, 1)}"}


@dataclass(frozen=True)
class Feed:
    """What waits in a queue, in one batch to its function. It is acknowledged when the function returns.

    A process that dies meanwhile leaves its messages to the next one, as redelivered.
    """

    queue: str
    sabotage: str = ""

    def __call__(self) -> int:
        """How many messages there were."""
        haste.prepare()
        sabotage.commit({VARIABLE: self.sabotage})
        return feed(self.queue)


@dataclass(frozen=True)
class Rest:
    """All that is on its way: sweeps as if the hand-off time had passed, then each queue once."""

    queues: Sequence[str] = QUEUES

    def __call__(self) -> int:
        """How many messages there were."""
        haste.prepare()
        os.environ["PUBLISH_HANDOFF_SECONDS"] = "0"
        ScheduledRun("app_resend")()
        fed = sum(feed(queue) for queue in self.queues)
        ScheduledRun("app_sweep_dead_letters")()
        return fed


@dataclass(frozen=True)
class Run:
    """One run of a scheduled function with these settings."""

    name: str
    settings: Mapping[str, str] = field(default_factory=dict)

    def __call__(self) -> dict[str, Any]:
        os.environ.update(self.settings)
        return ScheduledRun(self.name)()


def feed(queue: str) -> int:
    """Hand what waits to the queue's function, and acknowledge it."""
    from app import app

    name = f"app.{queue}"
    most = 1 if queue == "processing" else MOST
    with channel_on(os.environ["APP_RABBITMQ_URL"]) as channel:
        batch = list[Message]()
        while len(batch) < most:
            method, properties, body = channel.basic_get(name)
            if method is None or properties is None or body is None:
                break
            tag = int(method.delivery_tag or 0)
            batch.append(Message(body, properties, bool(method.redelivered), tag))
        if batch:
            run_function(app.handler_map[f"app_{queue}"], name, batch)
            acknowledge(channel, batch[-1].delivery_tag)
        return len(batch)


def run_function(function: Any, queue: str, batch: Sequence[Message]) -> None:
    """The function's whole run."""
    function(queue_event(queue, HOST, batch), LambdaContext(queue, SECONDS))


def acknowledge(channel: Any, tag: int) -> None:
    """The event source's acknowledgement, written to the broker."""
    channel.basic_ack(tag, multiple=True)
    channel.connection.process_data_events(0)
