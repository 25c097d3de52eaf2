"""The event of `make invoke`: what a schedule would send, completed; a batch of a queue is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from local.artifact.emulator.deployment import plain
from local.artifact.package.template import Template
from local.aws_shapes.scheduled_event import scheduled_event


class WrongEvent(ValueError):
    """The function cannot take the event; the text says what it takes."""


def event_for(function: str, said: str, templates: Iterable[Template]) -> bytes:
    """The event that a function gets.

    Args:
        function: its name, as for `make invoke`
        said: JSON, or nothing

    Raises:
        WrongEvent: it is not JSON, or the function is fed by a queue and this is no batch of it
    """
    event = _parsed(said)
    system, _, name = function.rpartition("/")
    found = [each for each in templates if system in ("", each.system)]
    for template in found:
        if any(plain(schedule.function) == plain(name) for schedule in template.schedules):
            return json.dumps({**scheduled_event(name, datetime.now(UTC)), **event}).encode()
        for queue in template.queues:
            if plain(queue.function) == plain(name) and "rmqMessagesByQueue" not in event:
                raise WrongEvent(_batch_wanted(function, queue.queue))
    return json.dumps(event).encode()


def _parsed(said: str) -> dict[str, Any]:
    try:
        event = json.loads(said or "{}")
    except ValueError as error:
        raise WrongEvent(f"The event is not JSON: {error}") from None
    if not isinstance(event, dict):
        raise WrongEvent("The event must be a JSON object, such as {}")
    return event


def _batch_wanted(function: str, queue: str) -> str:
    example = {"rmqMessagesByQueue": {f"{queue}::/": [{"data": "e30=", "redelivered": False}]}}
    return (
        f"{function} is fed by the queue {queue} and takes a batch of its messages. Publish to the "
        f"queue, or give a batch, each body in base64: {json.dumps(example)}"
    )
