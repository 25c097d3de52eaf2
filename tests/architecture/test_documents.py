"""The committed documents match the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from chalicelib import systems
from chalicelib.systems import system_of
from local.appevents import documents as of_appevents
from local.banking import documents as of_banking
from local.documents import FOLDER, api_folder, openapi_document, rendered
from local.relay import documents as of_relay
from tests.architecture.tree import ROOT, named

FURTHER = {
    "appevents": of_appevents.further_documents,
    "banking": of_banking.further_documents,
    "relay": of_relay.further_documents,
}
WRITE = "run `make documents` and commit what it writes"


@pytest.fixture(scope="module")
def made() -> dict[Path, str]:
    """Every document made from the code, by its path in the checkout."""
    return rendered(ROOT, FURTHER)


@pytest.fixture(scope="module")
def generated(made: dict[Path, str]) -> dict[str, str]:
    """Banking's API documents by file name."""
    folder = FOLDER / api_folder("banking")
    return {
        str(path.relative_to(folder)): text
        for path, text in made.items()
        if path.is_relative_to(folder)
    }


def test_committed_documents_match_the_code(made: dict[Path, str]) -> None:
    different = [
        str(path)
        for path, text in made.items()
        if not (ROOT / path).is_file() or (ROOT / path).read_text(encoding="utf-8") != text
    ]

    assert different == [], WRITE


def test_no_other_document_lies_there(made: dict[Path, str]) -> None:
    found = {file.relative_to(ROOT) for file in (ROOT / FOLDER).rglob("*.json")}

    assert found == {path for path in made if path.suffix == ".json"}, WRITE


def test_every_system_has_its_documents(made: dict[Path, str]) -> None:
    for name in systems.NAMES:
        assert FOLDER / api_folder(name) / "openapi.json" in made
        assert any(path.match(f"docs/{name}/data-model*.md") for path in made)


def test_document_leaves_other_systems_routes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systems, "NAMES", ("banking", "empty"))
    monkeypatch.setattr(systems, "system_of", lambda _name: system_of("banking"))

    document = openapi_document("empty")

    paths = set(document["paths"])
    assert paths >= {"/docs", "/health", "/metrics", "/openapi.json"}
    assert not paths & {"/customer/data", "/events/list", "/consumer/list"}


def test_documents_are_reproducible(made: dict[Path, str]) -> None:
    assert rendered(ROOT, FURTHER) == made


def test_asyncapi_lists_queues_and_messages(generated: dict[str, str]) -> None:
    from chalicelib.banking.events.topology import EVENT_TYPES, queues

    document = json.loads(generated["asyncapi.json"])
    dead_letters, queue = queues(["{consumer_name}"])
    channels = {c["address"]: c for c in document["channels"].values()}

    assert set(document["components"]["messages"]) == set(EVENT_TYPES)
    assert channels[queue.name]["x-queue-arguments"] == queue.arguments
    assert channels[queue.name]["x-routing-keys"] == list(queue.routing_keys)
    assert {*queue.routing_keys} <= {*channels}
    assert dead_letters.name in channels


def test_every_reference_of_asyncapi_leads_somewhere(generated: dict[str, str]) -> None:
    document = json.loads(generated["asyncapi.json"])

    for reference in _references(document):
        _resolve(document, reference)


def test_examples_of_messages_fit_their_schemas(generated: dict[str, str]) -> None:
    document = json.loads(generated["asyncapi.json"])
    for name, message in document["components"]["messages"].items():
        schema = json.loads(generated[f"schemas/{name}.json"])
        for example in [message["examples"][0]["payload"], schema["examples"][0]]:
            Draft202012Validator(
                schema, format_checker=Draft202012Validator.FORMAT_CHECKER
            ).validate(example)


def test_postman_covers_every_operation(generated: dict[str, str]) -> None:
    openapi = json.loads(generated["openapi.json"])
    collection = json.loads(generated["fintegrate.postman_collection.json"])
    operations = {f"{m.upper()} {p}" for p, methods in openapi["paths"].items() for m in methods}
    requests = {
        item["name"]: item["request"] for folder in collection["item"] for item in folder["item"]
    }

    assert set(requests) == operations
    assert {v["key"] for v in collection["variable"]} >= {"base_url", "api_key"}
    assert all(r["url"]["raw"].startswith("{{base_url}}/") for r in requests.values())
    assert requests["GET /health"]["auth"] == {"type": "noauth"}
    for request in requests.values():
        if "body" in request:
            json.loads(request["body"]["raw"])


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [found for value in node.values() for found in _references(value)]
    return (
        [found for entry in node for found in _references(entry)] if isinstance(node, list) else []
    )


def _resolve(document: object, reference: str) -> None:
    at = document
    for step in reference.removeprefix("#/").split("/"):
        assert isinstance(at, dict), reference
        at = at[step]


def test_index_lists_every_decision() -> None:
    folder = ROOT / "docs" / "decisions"
    titles = {
        file.name: file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        for file in folder.glob("0*.md")
    }
    index = (folder / "README.md").read_text(encoding="utf-8")

    assert [name for name, title in titles.items() if f"[{title}]({name})" not in index] == []


@pytest.mark.parametrize(
    "page", sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]), ids=named
)
def test_links_of_documents_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    own = [link for link in links if not link.startswith(("http:", "https:", "mailto:"))]

    assert [link for link in own if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(
    "page", sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]), ids=named
)
def test_paths_in_documents_exist(page: Path) -> None:
    """A path in backticks that begins with a folder of the repository must exist."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"`((?:functions|layers|local|sql|infra|tests|docs)/[\w./-]+)`", text)

    assert [path for path in found if not (ROOT / path).exists()] == []
