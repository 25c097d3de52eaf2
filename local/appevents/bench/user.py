"""A user of the app, who calls the handlers in this process without HTTP; and events to tell."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from app import app
from local.appevents.tokens import make_token
from local.aws_shapes.proxy_event import IncomingRequest, proxy_event
from local.bench.requests import answering

EVENTS = "/api/v1/notify/events"
BATCH = "/api/v1/notify/events/batch"
STATUS = "/api/v1/notify/events/status"
TOLD_AT = "2026-11-26T10:00:00Z"


class User:
    """A user with a token; `environment` has the secret of the functions."""

    def __init__(self, environment: Mapping[str, str], user_id: str = "") -> None:
        self.id = user_id or str(uuid.uuid4())
        self.token = make_token(environment, self.id, hours=1)

    def prepared(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, object] | None = None,
        **parameters: str,
    ) -> Callable[[], str]:
        """A call of the handler, ready to be timed. Its event is made now; the answer is not read.

        Raises (when called):
            RequestRefused: the answer is not 2xx
        """
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "User-Agent": "app.events/3.1 (iPhone; iOS 19.1)",
        }
        request = IncomingRequest(
            method=method,
            path=path.format(**parameters) if parameters else path,
            query=urlencode(query or {}),
            headers=list(headers.items()),
            body=b"" if body is None else json.dumps(body).encode(),
            source_ip="127.0.0.1",
            resource=path,
            parameters=parameters,
            request_id=str(uuid.uuid4()),
        )
        return answering(app, proxy_event(request))

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The `data` of an answer.

        Raises:
            RequestRefused: it is not 2xx
        """
        return json.loads(self.prepared(method, path, body, **more)())["data"]


def told(event_type: str, data: Mapping[str, Any], event_id: str = "") -> dict[str, Any]:
    """An event as a client tells it."""
    return {
        "event_type": event_type,
        "client_generated_id": event_id or str(uuid.uuid4()),
        "timestamp": TOLD_AT,
        "data": data,
    }


def note() -> dict[str, Any]:
    """A user's note at a machine, as it is usually long."""
    body = "Seat on 4, feet high on the plate; 3 sets of 12 with 80 kg, slowly on the way down"
    return told("machine.note.saved", {"machine_id": "leg-press-2", "body": body})
