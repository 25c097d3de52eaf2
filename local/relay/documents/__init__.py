"""The relay's own documents: its requests for Postman."""

from __future__ import annotations

from typing import Any

from local.documents.postman import postman_collection
from local.relay.documents.postman import PLAN


def further_documents(openapi: dict[str, Any]) -> dict[str, Any]:
    """The documents beside the OpenAPI document, by file name."""
    return {"relay.postman_collection.json": postman_collection(openapi, PLAN)}
