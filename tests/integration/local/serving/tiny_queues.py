"""A small app with one function of a queue, which writes down what it gets."""

from __future__ import annotations

import json
import os
from pathlib import Path

from chalice import Blueprint, Chalice

from fintegrate.logs import request_id
from fintegrate.messaging.queue_function import QueueMessage, queue_function

app = Chalice("tiny")
queues = Blueprint(__name__)


@queues.lambda_function(name="keep_letters")
@queue_function(os.environ["TINY_QUEUE"])
def keep(message: QueueMessage) -> None:
    """Keeps a message; fails at the first sight of one that says so."""
    seen = {
        "run": request_id.get(),
        "body": message.body.decode(),
        "message_id": message.message_id,
        "redelivered": message.redelivered,
    }
    with Path(os.environ["TINY_KEPT"]).open("a") as file:
        file.write(json.dumps(seen) + "\n")
    if message.body == b"fails once" and not message.redelivered:
        raise RuntimeError("not now")


app.register_blueprint(queues)
