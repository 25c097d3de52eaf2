"""An invented system for the generator: a library whose readers say who they are by password."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import ModuleType, SimpleNamespace
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import Field
from typing_extensions import TypedDict

from fintegrate.http.endpoint import Answer, Call, Endpoint, RequestParts, endpoints
from fintegrate.http.validation import Described, RequestModel
from fintegrate.openapi.description import BASIC, Description, Refusal

ISBN = "978-0-306-40615-7"
READER = "11111111-2222-4333-8444-555555555555"
Isbn = Annotated[str, Described("The book's number", ISBN)]


class Loan(RequestModel):
    """A book to lend."""

    isbn: Isbn
    reader_id: Annotated[UUID, Described("Who takes it", READER)] | None = None
    days: Annotated[int, Field(ge=1), Described("For how long", 14)] = 14


class BookQuery(RequestModel):
    """Which book to find."""

    isbn: Isbn
    branches: Annotated[list[Isbn], Described("Only there", [])] | None = None


class Book(TypedDict):
    """A book as it is."""

    isbn: Isbn
    lent_to: Annotated[UUID | None, Described("Who has it; null when nobody has", READER)]


LIBRARY = Description(
    title="Library",
    version="2.1.0",
    overview="Books are lent here.",
    schemes={"Password": BASIC},
    refusals={401: Refusal("The password is wrong", "Send your name and password")},
)


def lend(_call: Call[Loan]) -> Answer:
    """Lend a book."""
    return Answer()


def find(_call: Call[BookQuery]) -> Answer:
    """Find a book."""
    return Answer()


LEND = Endpoint(
    Loan,
    status=201,
    looks_up=True,
    conflict="The book is lent already",
    later="The book is on its way from another branch",
)
FIND = Endpoint(BookQuery, gives=Book)


def view(
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    handler: Callable[[Call[Any]], Answer],
    spec: Endpoint,
) -> SimpleNamespace:
    """An entry of a route table whose handler lies in a module of this name."""
    package = module.rpartition(".")[0]
    monkeypatch.setitem(sys.modules, package, ModuleType(package, f"What {package} does."))
    monkeypatch.setattr(handler, "__module__", module)
    return SimpleNamespace(view_function=endpoints(_no_parts, Endpoint)(*spec)(handler))


def routes(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Mapping[str, Any]]:
    """The library's two endpoints."""
    return {
        "/loans": {"POST": view(monkeypatch, "house.library.books.lend", lend, LEND)},
        "/books": {"GET": view(monkeypatch, "house.library.books.find", find, FIND)},
    }


def _no_parts() -> RequestParts:
    raise AssertionError("describing an endpoint needs no parts")
