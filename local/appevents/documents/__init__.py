"""The documents of app.events: its events, its exchange and queues, its requests for Postman."""

from __future__ import annotations

from typing import Any

from local.appevents.documents.asyncapi import asyncapi_document
from local.appevents.documents.event_schemas import event_schema
from local.appevents.documents.postman import PLAN
from local.documents.postman import postman_collection


def further_documents(openapi: dict[str, Any]) -> dict[str, Any]:
    """The documents beside the OpenAPI document, by file name."""
    from chalicelib.appevents.events.catalogue import TYPES

    return {
        "asyncapi.json": asyncapi_document(),
        "appevents.postman_collection.json": postman_collection(openapi, PLAN),
        **{f"schemas/{name}.json": event_schema(name) for name in TYPES},
    }
