"""The steps of app.events' work at whose edges a process dies."""

from __future__ import annotations

from local.chaos.boundaries import Boundary, Method, Statement, after

OF_SERVICE = "functions/appevents/outbox.sql"
OF_CLIENTS = "functions/appevents/notification/outbox.sql"
INBOX = "functions/appevents/consuming.sql"
TASKS = "local.appevents.chaos.kill_points.tasks"

TAKE, BEGIN, END = (Statement(INBOX, name) for name in ("take", "begin", "end"))
WRITE = Statement(OF_SERVICE, "write")
PUBLISH = Method("fintegrate.messaging.publisher:Publisher.publish")
# The bytes are sent when pika's transport empties the buffer that the publish has filled.
_PRODUCE = Method("pika.adapters.utils.io_services_utils:_AsyncTransportBase._produce")
_BASIC_PUBLISH = Method("pika.channel:Channel.basic_publish")
SENT = after(_PRODUCE, since=_BASIC_PUBLISH)
RUN, ACKNOWLEDGE = Method(f"{TASKS}:run_function"), Method(f"{TASKS}:acknowledge")


def marked(outbox: str) -> Statement:
    """The mark of what a handler has published."""
    return Statement(outbox, "mark_published_all")


def named(name: str, moments: dict[str, Boundary]) -> dict[str, Boundary]:
    """Boundaries by the names of their points."""
    return {f"{name}: {moment}": boundary for moment, boundary in moments.items()}
