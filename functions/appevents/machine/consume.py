"""The queue of the service for machines: which handler acts on which event."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from chalicelib.appevents.consuming import Handler
from chalicelib.appevents.machine.erasing import erase_user
from chalicelib.appevents.machine.notes import delete_note, save_note
from chalicelib.appevents.machine.prefs import submit_prefs
from chalicelib.appevents.queues import queues
from chalicelib.appevents.wiring import consumes, inbox
from fintegrate.messaging.queue_function import QueueMessage

HANDLERS: Mapping[str, Handler] = {
    "machine.user.erase_requested": erase_user,
    "machine.note.saved": save_note,
    "machine.note.deleted": delete_note,
    "equipment.prefs.submitted": submit_prefs,
}


@queues.lambda_function(name="app_machine")
@consumes("app.machine")
def app_machine(
    messages: Sequence[QueueMessage], seconds_left: Callable[[], float]
) -> Mapping[str, int]:
    """Act on each event once."""
    return inbox("machine", HANDLERS).settle(messages, seconds_left)
