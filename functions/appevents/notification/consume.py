"""The queue of outcomes: every answer of a service reaches the event that led to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from chalicelib.appevents.consuming import Handler
from chalicelib.appevents.events.catalogue import read_by
from chalicelib.appevents.notification.erasing import erase_user
from chalicelib.appevents.notification.outcomes import settle
from chalicelib.appevents.queues import queues
from chalicelib.appevents.wiring import consumes, inbox, parts
from fintegrate.messaging.queue_function import QueueMessage


@queues.lambda_function(name="app_notification")
@consumes("app.notification")
def app_notification(
    messages: Sequence[QueueMessage], seconds_left: Callable[[], float]
) -> Mapping[str, int]:
    """Write each outcome once."""
    handler = partial(settle, parts().metrics)
    handlers: dict[str, Handler] = dict.fromkeys(read_by("notification"), handler)
    handlers["notification.user.erase_requested"] = erase_user
    return inbox("notification", handlers).settle(messages, seconds_left)
