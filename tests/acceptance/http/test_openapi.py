"""The running system keeps to its own OpenAPI document, whatever is sent to it and however it runs.

Every operation is called as a bank and as the admin, with requests that the document allows and with
ones that it forbids: nothing crashes, every answer has a status, headers and a body that the document
describes (the envelope among it), and what is forbidden is refused.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from schemathesis import Case, GenerationMode

from local.banking.client import Client, onboard
from local.documents import routes_of
from tests.acceptance.http.conftest import Served
from tests.support.openapi import hold_to_document

ROUTES = routes_of("banking")
OPERATIONS = [f"{method} {path}" for path, methods in sorted(ROUTES.items()) for method in methods]
EXAMPLES = {"source": 5, "process": 2, "container": 2}  # per operation
KNOWN = {"customer_id", "tag_key", "event_id", "consumer_id"}


def fields_of(name: str) -> set[str]:
    """The fields that an operation takes."""
    method, path = name.split(" ")
    return set(ROUTES[path][method].view_function.__endpoint__.takes.model_fields)


@dataclass(frozen=True)
class System:
    """A running system, its document, who calls it, and how often each operation is called."""

    base_url: str
    schema: Any
    clients: dict[str, Client]
    consumer_ids: dict[str, str]
    examples: int

    def known(self, role: str) -> dict[str, str]:
        """Things that exist for this role, by the name of the field that means them.

        A new customer with a tag and its event, and a consumer (for the admin one that nobody needs).
        """
        client = self.clients[role]
        customer = {"customer_id": client.post("/customer/data", {"name": "Jane"})["customer_id"]}
        tags = {"tag_keys": ["segment"], "tag_values": ["retail"]}
        client.post("/customer/tag", {**customer, **tags})
        client.post("/customer/analytics", customer)
        (event,) = client.ask("GET", "/events/list", query=customer)["events"]
        return {
            **customer,
            "tag_key": "segment",
            "event_id": event["event_id"],
            "consumer_id": self.consumer_ids[role],
        }


@pytest.fixture(scope="module")
def system(served: Served) -> Iterator[System]:
    """The running system with a bank, and a consumer that the admin may do anything to."""
    with ExitStack() as opened:

        def client(key: str) -> Client:
            return opened.enter_context(Client(served.server.base_url, key))

        admin = client(served.environment["ADMIN_API_KEY"])
        bank, spare = (
            onboard(admin.post, f"openapi_{name}_{uuid.uuid4().hex[:12]}")
            for name in ("bank", "spare")
        )
        yield System(
            served.server.base_url,
            schemathesis.openapi.from_url(f"{served.server.base_url}/openapi.json"),
            {"admin": admin, "bank": client(bank.key)},
            {"admin": spare.consumer_id, "bank": bank.consumer_id},
            EXAMPLES[served.way],
        )


@pytest.mark.parametrize("name", OPERATIONS)
def test_allowed_request_is_answered_as_documented(system: System, name: str) -> None:
    call_with(system, name, GenerationMode.POSITIVE)


@pytest.mark.parametrize("name", [name for name in OPERATIONS if fields_of(name) & KNOWN])
def test_known_things_are_answered_as_documented(system: System, name: str) -> None:
    def put_known(case: Case, role: str) -> None:
        known = system.known(role)
        for place in (case.query, case.body):
            if isinstance(place, MutableMapping):
                place.update({field: known[field] for field in KNOWN & set(place)})
                place.pop("cursor", None)

    call_with(system, name, GenerationMode.POSITIVE, put_known)


@pytest.mark.parametrize("name", [name for name in OPERATIONS if fields_of(name)])
def test_forbidden_request_is_refused_as_documented(system: System, name: str) -> None:
    call_with(system, name, GenerationMode.NEGATIVE)


def call_with(
    system: System,
    name: str,
    mode: GenerationMode,
    change: Callable[[Case, str], None] = lambda _case, _role: None,
) -> None:
    """Call an operation of banking as each role."""
    method, path = name.split(" ")
    hold_to_document(
        system.schema[path][method],
        system.base_url,
        {role: {"X-API-Key": client.key} for role, client in system.clients.items()},
        mode=mode,
        examples=system.examples,
        change=change,
    )
