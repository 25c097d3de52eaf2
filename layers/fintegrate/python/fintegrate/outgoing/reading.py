"""Reads a small document of another server, such as an issuer's keys."""

from __future__ import annotations

from fintegrate.outgoing.client import Client, Patience
from fintegrate.outgoing.exchange import Answer, Request
from fintegrate.outgoing.urls import NO_HOSTS, AllowedHosts

_PATIENCE = Patience(whole=3.0, connect=2.0)
"""A request waits for it."""


def read_text(url: str, allowed: AllowedHosts = NO_HOSTS) -> str:
    """The text at a URL; `allowed` hosts may be reached by plain http and at any address.

    Raises:
        OSError: it could not be had, or not whole.
    """
    client = Client(allowed)
    try:
        result = client.pool(1, _PATIENCE).send(Request("GET", url))
    finally:
        client.close()
    if not isinstance(result, Answer) or result.status != 200 or not result.is_whole:
        raise OSError("the server did not give the document")
    return result.body.decode()
