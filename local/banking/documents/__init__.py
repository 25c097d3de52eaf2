"""Banking's own documents: its queues and messages, and its requests for Postman."""

from __future__ import annotations

from typing import Any

from local.banking.documents.asyncapi import asyncapi_document
from local.banking.documents.message_schemas import message_schema
from local.banking.documents.message_xsd import messages_xsd
from local.banking.documents.postman import PLAN
from local.documents.postman import postman_collection


def further_documents(openapi: dict[str, Any]) -> dict[str, Any]:
    """The documents beside the OpenAPI document, by file name."""
    from chalicelib.banking.events.message_models import MESSAGES

    return {
        "asyncapi.json": asyncapi_document(),
        "fintegrate.postman_collection.json": postman_collection(openapi, PLAN),
        **{f"schemas/{name}.json": message_schema(name) for name in MESSAGES},
        "schemas/messages.xsd": messages_xsd(),
    }
