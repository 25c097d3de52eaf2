"""The queue of the service for settings: which handler acts on which event."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from chalicelib.appevents.consuming import Handler
from chalicelib.appevents.queues import queues
from chalicelib.appevents.settings.app_settings import submit_app_settings
from chalicelib.appevents.settings.attempts import attempt_access
from chalicelib.appevents.settings.erasing import erase_user
from chalicelib.appevents.settings.granting import Granting
from chalicelib.appevents.settings.user_settings import submit_user_settings
from chalicelib.appevents.wiring import consumes, inbox, parts
from fintegrate.messaging.queue_function import QueueMessage


@queues.lambda_function(name="app_settings")
@consumes("app.settings")
def app_settings(
    messages: Sequence[QueueMessage], seconds_left: Callable[[], float]
) -> Mapping[str, int]:
    """Act on each event once."""
    own = parts()
    granting = Granting.of(own.settings, own.beside("settings"), own.sealing)
    handlers: Mapping[str, Handler] = {
        "settings.user.erase_requested": erase_user,
        "user.settings.submitted": submit_user_settings,
        "app.settings.submitted": submit_app_settings,
        "feed.access.attempt": partial(attempt_access, granting, own.sealed),
    }
    return inbox("settings", handlers).settle(messages, seconds_left)
