"""The queue of the service for conversations: which handler acts on which event."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from chalicelib.appevents.consuming import Handler
from chalicelib.appevents.dm.conversations import start_conversation
from chalicelib.appevents.dm.erasing import erase_user
from chalicelib.appevents.dm.messages import mark_read, send_message
from chalicelib.appevents.queues import queues
from chalicelib.appevents.wiring import consumes, inbox
from fintegrate.messaging.queue_function import QueueMessage

HANDLERS: Mapping[str, Handler] = {
    "dm.user.erase_requested": erase_user,
    "dm.conversation.started": start_conversation,
    "dm.message.sent": send_message,
    "dm.message.read": mark_read,
}


@queues.lambda_function(name="app_dm")
@consumes("app.dm")
def app_dm(
    messages: Sequence[QueueMessage], seconds_left: Callable[[], float]
) -> Mapping[str, int]:
    """Act on each event once."""
    return inbox("dm", HANDLERS).settle(messages, seconds_left)
