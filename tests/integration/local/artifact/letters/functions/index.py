"""Every function of letters: an endpoint each for life, overload and death, a schedule, a queue."""

from __future__ import annotations

import os
import time

from chalice import Blueprint, Rate

from chalicelib.letters.wiring import database, endpoint
from fintegrate.http.endpoint import Access, Answer, Nothing

letters = Blueprint("chalicelib.letters.index")
SECONDS = 2


@letters.route("/letters/list", methods=["GET"])
@endpoint(Nothing, access=Access.PUBLIC)
def list_letters(_call):
    """What was received, and what this process knows of its settings."""
    rows = database().fetch_all("SELECT body FROM letters ORDER BY id", {})
    settings = [name for name in ("SYSTEM", "POSTAGE", "DATABASE_URL") if name in os.environ]
    return Answer({"bodies": [row["body"] for row in rows], "settings": settings})


@letters.route("/letters/slow", methods=["GET"])
@endpoint(Nothing, access=Access.PUBLIC)
def read_slowly(_call):
    """Keeps its environment busy."""
    time.sleep(SECONDS)
    return Answer({})


@letters.route("/letters/death", methods=["GET"])
@endpoint(Nothing, access=Access.PUBLIC)
def die(_call):
    """Ends its process, as a crash of the runtime would."""
    os._exit(3)


@letters.lambda_function(name="receive")
def receive(event, _context):
    """Keep the messages of a queue event."""
    for messages in event["rmqMessagesByQueue"].values():
        for message in messages:
            database().execute(
                "INSERT INTO letters (body) VALUES (%(body)s)", {"body": message["data"]}
            )


@letters.schedule(Rate(1, unit=Rate.DAYS), name="purge")
def purge(_event):
    """Has the name of one of banking's functions."""
    return {"letters": 0}
