"""Measures the package of app.events: size, cold starts and overhead of two functions, a queue's rate.

The floors of cold starts are as of banking's artifact. The API's also imports PyJWT and checks a token,
the consumer's does not.
"""

from __future__ import annotations

import itertools
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pika
from rich.console import Console

from local.appevents.bench.databases import AppDatabases, AppTemplate
from local.appevents.bench.deployed import api_overhead, consume, consumer_overhead
from local.appevents.tokens import make_token
from local.artifact.cold_starts import FirstCall, cold_starts
from local.artifact.package.make import Artifact, package
from local.artifact.server import start_artifacts
from local.aws_shapes.proxy_event import IncomingRequest, proxy_event
from local.aws_shapes.queue_event import Message, queue_event
from local.bench.figures import Bar, Figures, show, write
from local.machine.checkout import Checkout
from local.services.running import ensure_services

ROUNDS = 30
BARS: Mapping[str, Bar] = {
    "app_api_warm_overhead_ms": Bar(at_most=2.0),
    "app_consumer_warm_overhead_ms": Bar(at_most=2.0),
    "consume_deployed_vs_floor": Bar(at_least=0.4),
    "app_api_cold_start_vs_imports": Bar(at_most=1.3),
    "app_consumer_cold_start_vs_imports": Bar(at_most=1.3),
}
SETTINGS = {
    "LOG_LEVEL": "WARNING",
    "LAMBDA_SANDBOX": "process",
    "SCHEDULER": "off",
}
USER = str(uuid.uuid4())
EVENTS = "/api/v1/notify/events"
_BEGINNING = """
import awslambdaric.bootstrap
import pika, psycopg2, redis
from pydantic import BaseModel, Field
import aws_lambda_powertools.logging, os, {more}
psycopg2.connect(os.environ["{database}"]).cursor().execute("SELECT 1")
channel = pika.BlockingConnection(pika.URLParameters(os.environ["APP_RABBITMQ_URL"])).channel()
redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
"""
_END = """
print("connected", flush=True)
os._exit(0)
"""
_CHECK = """
secret = os.environ["JWT_SHARED_SECRET"]
jwt.decode(jwt.encode({"sub": "a"}, secret, "HS256"), secret, ["HS256"])
"""
API_IMPORTS = (
    _BEGINNING.format(more="chalice.app, jwt", database="NOTIFY_DATABASE_URL") + _CHECK + _END
)
CONSUMER_IMPORTS = _BEGINNING.format(more="chalice.app", database="MACHINE_DATABASE_URL") + _END


def run() -> int:
    """Measure, print a table, write the JSON; what was measured before something failed is not lost."""
    artifact = package("appevents")
    figures: Figures = {
        "app_bundle_kb": os.path.getsize(artifact.bundle) / 1000,
        "app_layer_mb": os.path.getsize(artifact.layer) / 1_000_000,
    }
    with ensure_services() as services, AppTemplate(services.urls) as template:
        own_queues = services.urls.servers["APP_RABBITMQ_URL"]
        with template.copy(APP_RABBITMQ_URL=own_queues, **SETTINGS) as databases:
            try:
                for found in measured(artifact, databases):
                    figures |= found
            finally:
                show(figures, BARS, Console())
                write(figures, BARS, Checkout().state / "bench-deploy-appevents.json")
    return 0


def measured(artifact: Artifact, databases: AppDatabases) -> Iterator[Figures]:
    """The figures, one measurement after the other."""
    environment, batch = databases.environment, first_batch()
    deployed = start_artifacts([artifact], environment)
    with deployed.server:
        yield api_overhead(deployed, databases)
        yield consumer_overhead(deployed, batch.event())
        yield consume(databases)
    for name, call in (("api", first_event(environment)), ("consumer", batch)):
        found = cold_starts(artifact, environment, call, ROUNDS)
        yield {f"app_{name}_{figure}": value for figure, value in found.items()}


def first_event(environment: Mapping[str, str]) -> FirstCall:
    """A user's event, each with an id of its own."""
    token = make_token(environment, USER, hours=1)

    def made() -> bytes:
        request = IncomingRequest(
            method="POST",
            path=EVENTS,
            query="",
            headers=[("Authorization", f"Bearer {token}"), ("Content-Type", "application/json")],
            body=json.dumps(_event()).encode(),
            source_ip="127.0.0.1",
            resource=EVENTS,
            parameters={},
            request_id=str(uuid.uuid4()),
        )
        return json.dumps(proxy_event(request)).encode()

    return FirstCall(
        function="APIHandler",
        event=made,
        is_done=lambda answer: json.loads(answer)["statusCode"] == 202,
        imports=API_IMPORTS,
    )


def first_batch() -> FirstCall:
    """A batch of ten events for the service of machines."""
    tags = itertools.count(1)

    def made() -> bytes:
        bodies = [json.dumps({**_event(), "user_id": USER}).encode() for _ in range(10)]
        batch = [Message(body, pika.BasicProperties(), False, next(tags)) for body in bodies]
        return json.dumps(queue_event("app.machine", "app", batch)).encode()

    return FirstCall(
        function="AppMachine",
        event=made,
        is_done=lambda answer: json.loads(answer).get("messages") == 10,
        imports=CONSUMER_IMPORTS,
    )


def _event() -> dict[str, Any]:
    return {
        "event_type": "machine.note.saved",
        "client_generated_id": str(uuid.uuid4()),
        "timestamp": "2026-11-26T10:00:00Z",
        "data": {"machine_id": "leg-press-2", "body": "Seat on 4"},
    }
