"""Runs the function `broker_admin` in this process, as a nudge from its queue would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pika

from chalicelib.banking.broker.nudges import QUEUE
from chalicelib.banking.handlers import broker_admin
from local.aws_shapes.lambda_context import LambdaContext
from local.aws_shapes.queue_event import Message, queue_event


def run_broker_admin(errand: str) -> dict[str, Any]:
    """Hand it one nudge for this errand."""
    body = json.dumps({"errand": errand}).encode()
    event = queue_event(QUEUE, "/", [Message(body, pika.BasicProperties(), False, 1)])
    return call_broker_admin(event)


def call_broker_admin(event: Mapping[str, Any]) -> dict[str, Any]:
    """Call it with any event."""
    done: dict[str, Any] = broker_admin(dict(event), LambdaContext("broker_admin", 60))
    return done


def parameters_of(made: Mapping[str, Any]) -> pika.URLParameters:
    """How a program connects with the answer of POST /consumer/broker-access."""
    scheme, _, where = str(made["url"]).partition("://")
    parameters = pika.URLParameters(
        f"{scheme}://{quote(made['username'])}:{quote(made['password'])}@{where}"
    )
    parameters.connection_attempts = 1
    return parameters
