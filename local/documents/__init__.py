"""Makes the documents under `docs/` that come from the code: each system's API and data model.

`make documents` writes them. A test fails when a committed file differs. The content comes from the
endpoints, the models and `schema.sql`; this package decides only the form. A system's own part of the
harness adds documents that only this system has.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from chalicelib import systems
from fintegrate.system import System
from local.documents.data_model import data_model

FOLDER = Path("docs")
Further = Callable[[dict[str, Any]], Mapping[str, Any]]
"""Makes a system's further documents from its OpenAPI document, by file name. A text is written as it
is, what is no text as JSON."""


def api_folder(system: str) -> Path:
    """The folder of a system's API documents. The first system's has no prefix: people link to it."""
    return Path("api") if system == systems.NAMES[0] else Path(system, "api")


def routes_of(system: str) -> dict[str, dict[str, Any]]:
    """The routes of a package of this system alone: the methods of each path, as Chalice keeps them."""
    from app import app

    names = [name for name in systems.NAMES if name != system]
    without = [] if systems.system_of(system).console else [systems.CONSOLE]
    others = tuple(f"chalicelib.{name}." for name in (*names, *without))
    elsewhere = [systems.system_of(name).base_path for name in names]
    below = tuple(f"{path}/" for path in elsewhere if path)
    found = {
        path: {
            method: entry
            for method, entry in methods.items()
            if not entry.view_function.__module__.startswith(others)
        }
        for path, methods in app.routes.items()
        if not path.startswith(below)
    }
    return {path: methods for path, methods in found.items() if methods}


def openapi_document(system: str) -> dict[str, Any]:
    """The answer to `GET /openapi.json` from a package of this system alone."""
    from fintegrate.openapi.document import build_document

    return build_document(routes_of(system), {system: systems.system_of(system).description()})


def rendered(root: Path, further: Mapping[str, Further]) -> dict[Path, str]:
    """The text of every file, by its path in the checkout."""
    return {
        FOLDER / path: text
        for name in systems.NAMES
        for path, text in (
            *_api(name, further.get(name)),
            *_data_models(root, systems.system_of(name)),
        )
    }


def write(root: Path, further: Mapping[str, Further]) -> list[Path]:
    """Write every file below the checkout's root. Returns the files that changed."""
    changed = []
    for path, text in rendered(root, further).items():
        file = root / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def _api(system: str, further: Further | None) -> Iterator[tuple[Path, str]]:
    openapi = openapi_document(system)
    found = {"openapi.json": openapi, **(further(openapi) if further else {})}
    for name, document in found.items():
        yield api_folder(system) / name, _text(document)


def _text(document: Any) -> str:
    if isinstance(document, str):
        return document
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _data_models(root: Path, system: System) -> Iterator[tuple[Path, str]]:
    """One page for each database."""
    for database in system.databases:
        schema = (root / "sql" / database.folder / "schema.sql").read_text(encoding="utf-8")
        only = len(system.databases) == 1
        name = "data-model.md" if only else f"data-model-{Path(database.folder).name}.md"
        yield Path(system.name, name), data_model(system.name, database.folder, schema)
