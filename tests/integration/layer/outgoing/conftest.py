"""A client that may talk to the strangers of a test, on this machine."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import ip_address

import pytest

from fintegrate.outgoing.client import Client, Patience, Pool
from fintegrate.outgoing.connection import Bounds
from fintegrate.outgoing.exchange import Request, Result
from fintegrate.outgoing.resolving import Resolver
from tests.integration.layer.outgoing.certificates import Issued, issue
from tests.integration.layer.outgoing.strangers import Script, Stranger, stranger

HOST = "shop.example.com"
BY_NAME = Resolver(lambda _host: [ip_address("127.0.0.1")])
"""Every name leads to this machine."""
PATIENT = Patience(whole=30, connect=30)


class Place:
    """A stranger and a pool that sends to it."""

    def __init__(self, server: Stranger, scheme: str, client: Client, pool: Pool) -> None:
        self.server = server
        self.client = client
        self.pool = pool
        self.url = f"{scheme}://{HOST}:{server.port}"

    def send(self, body: bytes = b"", path: str = "/", method: str = "POST") -> Result:
        return self.pool.send(Request(method, self.url + path, body=body))


MakePlace = Callable[..., Place]


@pytest.fixture(scope="session")
def authority() -> Issued:
    return issue(is_authority=True)


@pytest.fixture(scope="session")
def server_tls(
    authority: Issued, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], ssl.SSLContext]:
    """Makes contexts with a good certificate of the host."""
    folder = tmp_path_factory.mktemp("certificates")
    good = issue([HOST], authority)
    return lambda: good.server_context(folder)


@pytest.fixture
def place(authority: Issued, server_tls: Callable[[], ssl.SSLContext]) -> Iterator[MakePlace]:
    """Makes a stranger who follows a script, and a pool to him, by plain http or by TLS."""
    with ExitStack() as stack:

        def make(
            script: Script,
            *,
            tls: bool | ssl.SSLContext = False,
            patience: Patience = PATIENT,
            bounds: Bounds | None = None,
            kept: int = 4,
        ) -> Place:
            context = server_tls() if tls is True else tls or None
            server = stack.enter_context(stranger(script, context))
            client = Client(
                frozenset({(HOST, server.port)}),
                resolver=BY_NAME,
                make_tls=authority.client_context,
                bounds=bounds,
            )
            stack.callback(client.close)
            scheme = "https" if tls else "http"
            return Place(server, scheme, client, client.pool(kept, patience))

        yield make
