"""The AsyncAPI 3.0 document: exchange, queues, events and dead letters.

Names, bindings and arguments come from the topology that the functions declare.
Source: https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from __future__ import annotations

import inspect
from typing import Any

from chalicelib.appevents.configuration import Configuration
from chalicelib.appevents.description import DESCRIPTION
from chalicelib.appevents.envelope import SCHEMA_VERSION
from chalicelib.appevents.events.catalogue import CLIENT, TYPES, model_of, read_by
from chalicelib.appevents.system import SYSTEM
from chalicelib.appevents.topology import EXCHANGE, queues_of, services
from fintegrate.messaging.topology import Queue
from local.appevents.documents.event_schemas import USER_ID, event_example

BINDING = "0.3.0"
OVERVIEW = """\
A client's event reaches the queue of the service that it is for, at least once. The service acts on it
once, by `user_id` and `client_generated_id`, and answers with one event, whose `causation_id` names it.

A message needs only its body: an event that is published to the exchange without any header is processed
like any other. Ignore fields that you do not know. An event of another major `schema_version` becomes a
dead letter. A message that may succeed later waits in the retry queues, at most five times.
"""
(BROKER,) = SYSTEM.brokers
SETTINGS = Configuration(app_rabbitmq_url="", redis_url="")


def asyncapi_document() -> dict[str, Any]:
    """The whole document."""
    version = DESCRIPTION.version
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "app.events", "version": version, "description": OVERVIEW},
        "defaultContentType": "application/json",
        "servers": {"broker": _SERVER},
        "channels": {**_routes(), **_queues()},
        "operations": {**_published(), **_received()},
        "components": {
            "messages": {name: _message(name) for name in TYPES},
            "schemas": {"EventHeaders": _HEADERS},
            "securitySchemes": {"password": {"type": "userPassword"}},
        },
    }


_SERVER = {
    "host": "{host}:{port}",
    "pathname": f"/{BROKER.virtual_host}",
    "protocol": "amqp",
    "protocolVersion": "0.9.1",
    "description": f"RabbitMQ, the virtual host `{BROKER.virtual_host}`, which has a user of its own",
    "variables": {"host": {"default": "localhost"}, "port": {"default": "5672"}},
    "security": [{"$ref": "#/components/securitySchemes/password"}],
}
_EXCHANGE = {
    "name": EXCHANGE,
    "type": "topic",
    "durable": True,
    "autoDelete": False,
    "vhost": BROKER.virtual_host,
}
_HEADERS = {
    "type": "object",
    "description": "Each may be missing",
    "properties": {
        "schema_version": {"type": "string"},
        "user_id": {"type": "string", "format": "uuid"},
        "sequence": {
            "type": "integer",
            "minimum": 1,
            "description": "The place among the user's events, in the order of their acceptance",
        },
        "received_at": {"type": "string", "format": "date-time"},
        "effective_at": {
            "type": "string",
            "format": "date-time",
            "description": "When it happened, by the server's clock",
        },
        "causation_id": {"type": "string", "format": "uuid"},
        "request_id": {"type": "string"},
        "traceparent": {"type": "string"},
        "x-attempt": {"type": "integer", "minimum": 0, "description": "Retries so far"},
    },
}
_HEADERS_EXAMPLE = {
    "schema_version": SCHEMA_VERSION,
    "user_id": USER_ID,
    "sequence": 1,
    "received_at": "2026-11-05T10:00:01.000000Z",
    "effective_at": "2026-11-05T10:00:00.000000Z",
    "x-attempt": 0,
}


def _routes() -> dict[str, Any]:
    """A channel for each type: its routing key at the exchange."""
    return {
        _id(name): {
            "address": name,
            "messages": _references([name]),
            "description": f"Events `{name}` at the exchange",
            "bindings": {
                "amqp": {"is": "routingKey", "exchange": _EXCHANGE, "bindingVersion": BINDING}
            },
        }
        for name in TYPES
    }


def _queues() -> dict[str, Any]:
    return {
        _id(queue.name): _queue(service, queue)
        for service in services()
        for queue in queues_of(service, SETTINGS).queues(read_by(service))
    }


def _queue(service: str, queue: Queue) -> dict[str, Any]:
    declared = {
        "name": queue.name,
        "durable": True,
        "exclusive": False,
        "autoDelete": False,
        "vhost": BROKER.virtual_host,
    }
    return {
        "address": queue.name,
        "messages": _references(read_by(service)),
        "bindings": {"amqp": {"is": "queue", "queue": declared, "bindingVersion": BINDING}},
        "x-routing-keys": list(queue.routing_keys),
        "x-queue-arguments": dict(queue.arguments),
    }


def _published() -> dict[str, Any]:
    return {
        f"publish_{_id(name)}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{_id(name)}"},
            "summary": f"{_sender(name)} publishes {name}: persistent, mandatory and confirmed",
            "bindings": {
                "amqp": {
                    "deliveryMode": 2,
                    "mandatory": True,
                    "timestamp": True,
                    "bindingVersion": BINDING,
                }
            },
        }
        for name in TYPES
    }


def _sender(name: str) -> str:
    told_by = TYPES[name].told_by
    return {CLIENT: "A client", "": "Every service"}.get(told_by, f"The service {told_by}")


def _received() -> dict[str, Any]:
    return {
        f"receive_{_id(f'app.{service}')}": {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{_id(f'app.{service}')}"},
            "summary": f"The service {service} acts on each event once",
        }
        for service in services()
    }


def _references(types: list[str]) -> dict[str, Any]:
    return {_id(name): {"$ref": f"#/components/messages/{name}"} for name in types}


def _message(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "title": name,
        "summary": inspect.getdoc(model_of(name)),
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/EventHeaders"},
        "payload": {"$ref": f"./schemas/{name}.json"},
        "bindings": {
            "amqp": {
                "contentEncoding": "utf-8",
                "messageType": name,
                "bindingVersion": BINDING,
            }
        },
        "x-amqp-properties": {
            "message_id": "client_generated_id",
            "type": name,
            "app_id": "source_service",
            "delivery_mode": 2,
        },
        "examples": [{"headers": _HEADERS_EXAMPLE, "payload": event_example(name)}],
    }


def _id(name: str) -> str:
    """A name of the document: AsyncAPI's may have no dot."""
    return name.replace(".", "_")
