"""The one client for requests to strangers' servers.

One client a process; of it a pool for each receiver, so that no receiver uses up another's connections.
`Pool.send` returns a value whatever the network does. It sends a request at most once, logs nothing and
keeps nothing of it. Whether and when to send again is the sender's.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

from fintegrate.outgoing.connection import Bounds, Connection, Read
from fintegrate.outgoing.deadline import Deadline
from fintegrate.outgoing.dialing import Dialer, default_tls
from fintegrate.outgoing.exchange import Answer, Failure, Kind, Request, Result, Sent, Stopped
from fintegrate.outgoing.keeping import Kept
from fintegrate.outgoing.resolving import Resolver
from fintegrate.outgoing.urls import NO_HOSTS, AllowedHosts, Target, UrlNotAllowed, target_of
from fintegrate.outgoing.writing import Outgoing


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for a whole attempt, and of these for the connection: resolve, connect, shake hands."""

    whole: float = 10.0
    connect: float = 3.0


class Client:
    """What all pools of a process share. Thread-safe.

    Args:
        allowed: hosts and ports that are reached by plain http and at any address (`allowed_hosts`)
        make_tls: makes the context with the authorities to trust, when it is first needed
    """

    def __init__(
        self,
        allowed: AllowedHosts = NO_HOSTS,
        *,
        bounds: Bounds | None = None,
        resolver: Resolver | None = None,
        make_tls: Callable[[], ssl.SSLContext] = default_tls,
        kept: Kept | None = None,
    ) -> None:
        self.bounds = bounds or Bounds()
        self.dialer = Dialer(resolver or Resolver(), make_tls)
        self.kept = kept or Kept()
        self._allowed = allowed

    def pool(self, most_kept: int, patience: Patience | None = None) -> Pool:
        """A pool for one receiver.

        Args:
            most_kept: connections that are kept for its next requests
        """
        return Pool(self, most_kept, patience or Patience())

    def target_of(self, url: str) -> Target:
        """Where a URL leads.

        Raises:
            Stopped: it is not allowed.
        """
        try:
            return target_of(url, self._allowed)
        except UrlNotAllowed as error:
            raise Stopped(Kind.NOT_ALLOWED, str(error)) from None

    def check(self, url: str, seconds: float = 3.0) -> Failure | None:
        """Look early whether a URL may be sent to; None if so. Each connection is judged again.

        A failure of the kind `DNS` may be gone later; one of `NOT_ALLOWED` says what to change.
        """
        began = time.monotonic()
        try:
            self.dialer.vetted(self.target_of(url), Deadline.after(seconds))
        except Stopped as stopped:
            return _failure(stopped, began)
        return None

    def close(self) -> None:
        """Close all kept connections."""
        self.kept.close()


class Pool:
    """Sends requests to one receiver and keeps connections to it. Thread-safe."""

    def __init__(self, client: Client, most_kept: int, patience: Patience) -> None:
        self._client = client
        self._most_kept = most_kept
        self._patience = patience

    def send(self, request: Request) -> Result:
        """Send a request, once.

        A connection that the other side closed before a byte of the request went out is replaced.
        """
        began = time.monotonic()
        deadline = Deadline.after(self._patience.whole)
        try:
            read = self._read(Outgoing(request, self._client.target_of(request.url)), deadline)
        except Stopped as stopped:
            return _failure(stopped, began)
        return Answer(read.status, read.headers, read.body, read.is_whole, _since(began))

    def close(self) -> None:
        """Close the connections that are kept."""
        self._client.kept.drop(self)

    def _read(self, outgoing: Outgoing, deadline: Deadline) -> Read:
        kept = self._client.kept.take(self, outgoing.target.origin)
        if kept is not None:
            try:
                return self._exchange(kept, outgoing, deadline)
            except Stopped as stopped:
                if stopped.sent is not Sent.NOTHING or stopped.kind is not Kind.RESET:
                    raise
        return self._exchange(self._dial(outgoing.target, deadline), outgoing, deadline)

    def _dial(self, target: Target, deadline: Deadline) -> Connection:
        opened = self._client.dialer.dial(target, deadline.sooner(self._patience.connect))
        return Connection(opened, target, self._client.bounds)

    def _exchange(self, connection: Connection, outgoing: Outgoing, deadline: Deadline) -> Read:
        try:
            read = connection.send(outgoing, deadline)
        except BaseException:
            connection.close()
            self.close()  # the others may be as dead: each would cost a request its whole time
            raise
        if connection.is_usable:
            self._client.kept.keep(self, connection, self._most_kept)
        else:
            connection.close()
        return read


def _failure(stopped: Stopped, began: float) -> Failure:
    return Failure(stopped.kind, stopped.sent, stopped.why, _since(began), stopped.status)


def _since(began: float) -> int:
    """Milliseconds."""
    return round((time.monotonic() - began) * 1000)
