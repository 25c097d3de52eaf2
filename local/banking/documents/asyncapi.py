"""The AsyncAPI 3.0 document: exchange, queues, messages and dead letters, as Fintegrate sees them.

Fintegrate sends; a consumer's program receives from its queue. Names and arguments come from the
topology that the functions declare. Source: https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from __future__ import annotations

import inspect
from typing import Any

from chalicelib.banking.description import VERSION
from chalicelib.banking.events.message import APP_ID
from chalicelib.banking.events.message_models import MESSAGES
from chalicelib.banking.events.topology import EXCHANGE, queues, routing_key
from chalicelib.banking.tenants import ADMIN_NAME
from fintegrate.messaging.topology import Queue
from fintegrate.openapi.examples import example
from local.banking.documents.message_schemas import component_schemas, generated_schemas

NAME = "{consumer_name}"
BINDING = "0.3.0"
OVERVIEW = """\
Every change of a customer reaches the queue of its consumer at least once, and in order per customer:
`metadata.sequence` counts a customer's events from 1 without gaps. Recognise a repeated message by
its `event_id`, ignore fields that you do not know, refuse another major `schema_version`.

Acknowledge a message after your own work is done, then say what became of it with
`POST /events/confirm-delivery`. What is not confirmed is sent again; what expires, is rejected or
comes back too often goes to the dead letters, and its event shows as failed.

A consumer whose `message_format` is `xml` gets the same fields as XML, with the content type
`application/xml`. `schemas/messages.xsd` describes them. A text that XML cannot hold is written as JSON,
and its element has the attribute `encoding="json"`.
"""


def asyncapi_document() -> dict[str, Any]:
    """The whole document."""
    generated = generated_schemas()
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Fintegrate events", "version": VERSION, "description": OVERVIEW},
        "defaultContentType": "application/json",
        "servers": {"broker": _SERVER},
        "channels": _channels(),
        "operations": _operations(),
        "components": {
            "messages": {name: _message(name, generated) for name in MESSAGES},
            "parameters": {"consumer_name": _PARAMETER},
            "schemas": component_schemas(),
            "securitySchemes": {"password": {"type": "userPassword"}},
        },
    }


_SERVER = {
    "host": "{host}:{port}",
    "protocol": "amqp",
    "protocolVersion": "0.9.1",
    "description": "RabbitMQ; the operator gives each consumer its address, user and password",
    "variables": {"host": {"default": "localhost"}, "port": {"default": "5672"}},
    "security": [{"$ref": "#/components/securitySchemes/password"}],
}
_READING = """\
The consumer's own queue; one program reads it at a time. Fintegrate declares it with
`x-queue-arguments`. Look at it with a passive declaration and do not declare it: your user may only
read. Subscribe to it (`basic.consume`). A queue with a single active consumer refuses `basic.get` with
405, so neither a program that polls nor *Get messages* of the management page can read it."""
_PARAMETER = {"description": "The consumer's name, `^[a-z0-9_]{1,64}$`", "examples": ["bank_north"]}
_EXCHANGE = {"name": EXCHANGE, "type": "topic", "durable": True, "autoDelete": False, "vhost": "/"}


def _channels() -> dict[str, Any]:
    dead_letters, queue = queues([NAME])
    return {
        **{f"{name}_route": _route(name) for name in MESSAGES},
        "queue": {
            **_queue_channel(queue, [name for name in MESSAGES if name != "consumer_created"]),
            "description": _READING,
        },
        "admin_queue": {
            **_queue_channel(queues([ADMIN_NAME])[1], list(MESSAGES)),
            "description": "The queue of the built-in consumer, which also learns of new consumers",
        },
        "dead_letters": {
            **_queue_channel(dead_letters, list(MESSAGES)),
            "description": "What expired, was rejected or came back too often; swept every minute",
        },
    }


def _route(event_type: str) -> dict[str, Any]:
    receiver = ADMIN_NAME if event_type == "consumer_created" else NAME
    return {
        **_addressed(routing_key(event_type, receiver), [event_type]),
        "description": f"Messages `{event_type}` on their way through the exchange",
        "bindings": {
            "amqp": {"is": "routingKey", "exchange": _EXCHANGE, "bindingVersion": BINDING}
        },
    }


def _queue_channel(queue: Queue, event_types: list[str]) -> dict[str, Any]:
    declared = {
        "name": queue.name,
        "durable": True,
        "exclusive": False,
        "autoDelete": False,
        "vhost": "/",
    }
    return {
        **_addressed(queue.name, event_types),
        "bindings": {"amqp": {"is": "queue", "queue": declared, "bindingVersion": BINDING}},
        "x-routing-keys": list(queue.routing_keys),
        "x-queue-arguments": dict(queue.arguments),
    }


def _addressed(address: str, event_types: list[str]) -> dict[str, Any]:
    reference = {"$ref": "#/components/parameters/consumer_name"}
    return {
        "address": address,
        "messages": {n: {"$ref": f"#/components/messages/{n}"} for n in event_types},
        **({"parameters": {"consumer_name": reference}} if NAME in address else {}),
    }


def _operations() -> dict[str, Any]:
    published = {
        f"publish_{name}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{name}_route"},
            "summary": f"Publish {name}, persistent, mandatory and confirmed by the broker",
            "bindings": {
                "amqp": {
                    "deliveryMode": 2,
                    "mandatory": True,
                    "timestamp": True,
                    "bindingVersion": BINDING,
                }
            },
        }
        for name in MESSAGES
    }
    return {
        **published,
        "deliver": {
            "action": "send",
            "channel": {"$ref": "#/channels/queue"},
            "summary": "What a consumer receives, in order per customer, at least once",
        },
        "sweep_dead_letters": {
            "action": "receive",
            "channel": {"$ref": "#/channels/dead_letters"},
            "summary": "Keep the dead letters and mark their events as failed",
        },
    }


def _message(event_type: str, generated: dict[str, Any]) -> dict[str, Any]:
    model = MESSAGES[event_type]
    body = {"$ref": f"#/components/schemas/{model.__name__}"}
    headers = {"$ref": "#/components/schemas/MessageHeaders"}
    return {
        "name": event_type,
        "title": event_type,
        "summary": inspect.getdoc(model),
        "contentType": "application/json",
        "headers": headers,
        "payload": body,
        "bindings": {
            "amqp": {
                "contentEncoding": "utf-8",
                "messageType": event_type,
                "bindingVersion": BINDING,
            }
        },
        "x-amqp-properties": {
            "message_id": "event_id",
            "type": event_type,
            "timestamp": "metadata.created_at in whole seconds",
            "app_id": APP_ID,
            "delivery_mode": 2,
        },
        "x-xml": {"contentType": "application/xml", "schema": "schemas/messages.xsd"},
        "examples": [{"headers": example(headers, generated), "payload": example(body, generated)}],
    }
