"""The API's documents under `docs/api`, made from the code that they describe.

`make documents` writes them; a test fails while a committed file differs. What they say
comes from the endpoints' models (`fintegrate.openapi`), the messages' models
(`chalicelib.banking.events.message_models`) and the topology; only their form is decided here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from local.banking.documents.asyncapi import asyncapi_document
from local.banking.documents.message_schemas import message_schema
from local.banking.documents.postman import postman_collection

FOLDER = Path("docs/api")


def documents() -> dict[str, Any]:
    """Every document by its file's name in the folder."""
    from app import app
    from chalicelib.banking.description import DESCRIPTION
    from chalicelib.banking.events.message_models import MESSAGES
    from fintegrate.openapi.document import build_document

    openapi = build_document(app.routes, {"banking": DESCRIPTION})
    return {
        "openapi.json": openapi,
        "asyncapi.json": asyncapi_document(),
        "fintegrate.postman_collection.json": postman_collection(openapi),
        **{f"schemas/{name}.json": message_schema(name) for name in MESSAGES},
    }


def rendered() -> dict[str, str]:
    """The text of every file."""
    return {
        name: json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        for name, document in documents().items()
    }


def write(root: Path) -> list[Path]:
    """Write every file below the checkout's root; which ones changed."""
    changed = []
    for name, text in rendered().items():
        file = root / FOLDER / name
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            changed.append(file)
    return changed
