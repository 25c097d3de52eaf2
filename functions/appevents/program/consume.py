"""The queue of the service for training programs: which handler acts on which event."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from chalicelib.appevents.consuming import Handler
from chalicelib.appevents.program.erasing import erase_user
from chalicelib.appevents.program.programs import archive_program, create_program, update_program
from chalicelib.appevents.program.sessions import log_session
from chalicelib.appevents.program.workouts import create_workout, delete_workout, update_workout
from chalicelib.appevents.queues import queues
from chalicelib.appevents.wiring import consumes, inbox
from fintegrate.messaging.queue_function import QueueMessage

HANDLERS: Mapping[str, Handler] = {
    "program.user.erase_requested": erase_user,
    "program.created": create_program,
    "program.updated": update_program,
    "program.archived": archive_program,
    "workout.created": create_workout,
    "workout.updated": update_workout,
    "workout.deleted": delete_workout,
    "workout.session.logged": log_session,
}


@queues.lambda_function(name="app_program")
@consumes("app.program")
def app_program(
    messages: Sequence[QueueMessage], seconds_left: Callable[[], float]
) -> Mapping[str, int]:
    """Act on each event once."""
    return inbox("program", HANDLERS).settle(messages, seconds_left)
