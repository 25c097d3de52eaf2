"""The decorator of the endpoints that every package has.

These endpoints use the parts of the first system that the package serves: its callers, limits and
database.
"""

from __future__ import annotations

from chalicelib import systems
from fintegrate.http.endpoint import Endpoint, RequestParts, endpoints


def _request_parts() -> RequestParts:
    return systems.served()[0].request_parts()


endpoint = endpoints(_request_parts, Endpoint)
