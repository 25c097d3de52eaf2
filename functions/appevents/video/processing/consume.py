"""The queue of uploaded videos: one at a time, because one may need all the time that there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from chalicelib.appevents.queues import queues
from chalicelib.appevents.topology import waits_of
from chalicelib.appevents.video.object_store import signer_of
from chalicelib.appevents.video.processing.work import UPLOADED, Worker
from chalicelib.appevents.wiring import consumes, inbox, parts
from fintegrate.messaging.queue_function import QueueMessage


@queues.lambda_function(name="app_processing")
@consumes("app.processing", batch=1)
def app_processing(
    messages: Sequence[QueueMessage], seconds_left: Callable[[], float]
) -> Mapping[str, int]:
    """Process each video once."""
    own, counts = parts(), dict[str, int]()
    database = own.service("video").request.database
    most = len(waits_of(own.settings.app_retry_seconds))
    worker = Worker(database, signer_of(own.settings), most)
    for message in messages:
        handlers = {UPLOADED: worker.handler(message, seconds_left)}
        settled = inbox("video", handlers, queue="processing").settle([message], seconds_left)
        for step, count in settled.items():
            counts[step] = counts.get(step, 0) + count
    return counts
