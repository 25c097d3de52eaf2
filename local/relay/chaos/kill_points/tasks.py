"""The tasks of a process: requests of the relay's users, and a run of the delivery by a nudge."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pika import BasicProperties

from local.aws_shapes.lambda_context import LambdaContext
from local.aws_shapes.proxy_event import IncomingRequest, proxy_event
from local.aws_shapes.queue_event import Message, queue_event
from local.chaos.sabotage import VARIABLE
from local.chaos.scheduled_run import ScheduledRun
from local.relay.chaos import sabotage
from local.relay.chaos.shops import Destination, open_shop


class Refused(Exception):
    """A call was refused; the text is the relay's own."""


@dataclass(frozen=True)
class Call:
    """One request to the API's function, as the gateway passes it."""

    path: str
    body: Mapping[str, Any] = field(default_factory=dict)
    user: str = "ADMIN"

    def __call__(self) -> dict[str, Any]:
        """The data of its answer.

        Raises:
            Refused: the answer is no success.
        """
        from app import app

        name, secret = (os.environ[f"RELAY_{self.user}_{each}"] for each in ("USER", "PASSWORD"))
        token = base64.b64encode(f"{name}:{secret}".encode()).decode()
        headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
        request = IncomingRequest(
            method="POST",
            path=self.path,
            query="",
            headers=list(headers.items()),
            body=json.dumps(self.body).encode(),
            source_ip="127.0.0.1",
            resource=self.path,
            parameters={},
            request_id="kill-point",
        )
        answer = app(proxy_event(request), LambdaContext("api_handler", 29))
        said = json.loads(answer["body"])
        if answer["statusCode"] >= 300:
            raise Refused(f"POST {self.path}: {answer['statusCode']} {said['detail']}")
        data: dict[str, Any] = said["data"]
        return data


@dataclass(frozen=True)
class Opening:
    """A new storefront with its destinations."""

    code: str
    digits: str
    platforms: Sequence[str]
    url: str

    def __call__(self) -> list[Destination]:
        urls = dict.fromkeys(self.platforms, self.url)

        def ask(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
            return Call(path, body)()

        return open_shop(ask, self.code, self.digits, self.platforms, urls)


@dataclass(frozen=True)
class Schedules:
    """One run of each scheduled function that moves events on, perhaps of a process that cheats.

    Args:
        sabotage: promises that it breaks on purpose
    """

    names: Sequence[str] = ("relay_intake", "relay_deliver")
    sabotage: str = ""

    def __call__(self) -> None:
        sabotage.commit({VARIABLE: self.sabotage})
        for name in self.names:
            ScheduledRun(name)()


@dataclass(frozen=True)
class SetRun:
    """One run of a scheduled function with these settings."""

    name: str
    settings: Mapping[str, str]

    def __call__(self) -> dict[str, Any]:
        os.environ.update(self.settings)
        return ScheduledRun(self.name)()


def sending(items: Sequence[Mapping[str, Any]]) -> Call:
    """A batch of the order system."""
    return Call("/v1/events", {"data": list(items)}, user="INGEST")


@dataclass(frozen=True)
class NudgedRun:
    """The delivery as the broker's event source calls it."""

    name: str = "relay_deliver_nudged"

    def __call__(self) -> None:
        from app import app

        nudge = Message(b"{}", BasicProperties(message_id="nudge"), False, 1)
        event = queue_event("relay_nudge", "/", [nudge])
        app.handler_map[self.name](event, LambdaContext(self.name, 60))
