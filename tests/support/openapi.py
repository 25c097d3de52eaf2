"""Holds a running system to its OpenAPI document, by requests that are generated from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi import checks

CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]


def hold_to_document(
    operation: Any,
    base_url: str,
    callers: Mapping[str, Mapping[str, str]],
    *,
    mode: GenerationMode,
    examples: int,
    change: Callable[[Case, str], None] = lambda _case, _caller: None,
) -> None:
    """Call an operation with generated requests and hold every answer to the document.

    To generate a request costs more than to answer it, so each is sent by every one of `callers`: their
    names, with the headers that each sends. `change` is called before, with the request and the name.
    """

    @seed(1)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def conforms(case: Case) -> None:
        for caller, headers in callers.items():
            try:
                change(case, caller)
                response = case.call(base_url=base_url, headers=dict(headers))
                case.validate_response(response, checks=CHECKS)
                check_envelope(response)
            except BaseException as error:
                error.add_note(f"called as {caller}")
                raise

    conforms()


def check_envelope(response: Any) -> None:
    """The one shape of every answer that is not a document of its own."""
    path = response.request.url.split("?")[0]
    of_its_own = (
        "/metrics",
        "/openapi.json",
        "/docs",
        "/jwks.json",
        "/offline-queue.js",
        "/console",
    )
    if response.status_code < 400 and (path.endswith(of_its_own) or "/console/assets/" in path):
        return
    envelope = json.loads(response.content)
    assert set(envelope) == {"data", "detail"}
    assert envelope["detail"]["status_code"] == str(response.status_code)
    assert envelope["detail"]["status_description"]
    assert response.status_code < 400 or envelope["data"] == {}
