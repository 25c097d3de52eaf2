"""The decorator of the console's endpoints: they use the parts of the system whose keys open it."""

from __future__ import annotations

from chalicelib import systems
from fintegrate.http.endpoint import Endpoint, RequestParts, endpoints
from fintegrate.system import Console


def _request_parts() -> RequestParts:
    return systems.with_console().request_parts()


def parts() -> Console:
    """The console's own parts."""
    load = systems.with_console().console
    assert load is not None
    return load()


endpoint = endpoints(_request_parts, Endpoint)
