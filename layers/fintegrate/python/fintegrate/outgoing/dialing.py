"""Opens a connection to a host: resolves once, judges every address, connects to one, verifies the name.

The socket is connected to the very address that was judged, never to the name, so a name server that
answers differently a moment later changes nothing. Each new connection is judged anew.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
import threading
from collections.abc import Callable, Sequence

from fintegrate.outgoing.addresses import Address, why_not_public
from fintegrate.outgoing.deadline import READ, WRITE, Deadline, TimeIsUp
from fintegrate.outgoing.exchange import Kind, Stopped
from fintegrate.outgoing.resolving import NotResolved, Resolver
from fintegrate.outgoing.urls import Target

MOST_ADDRESSES = 4
"""So many of a host's addresses are tried; all are judged."""


def default_tls() -> ssl.SSLContext:
    """Certificates of the system's authorities, the host's name, TLS 1.2 or later.

    Not `ssl.create_default_context`: that one writes the session's secrets to the file that the
    environment names (`SSLKEYLOGFILE`).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    return context


class Dialer:
    """Opens connections. Thread-safe."""

    def __init__(self, resolver: Resolver, make_tls: Callable[[], ssl.SSLContext]) -> None:
        self._resolver = resolver
        self._make_tls = make_tls
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None

    def vetted(self, target: Target, deadline: Deadline) -> tuple[Address, ...]:
        """All addresses of a target, each of which may be connected to.

        Raises:
            Stopped: DNS, or an address that is not public.
        """
        if target.address is not None:
            addresses: tuple[Address, ...] = (target.address,)
        else:
            try:
                addresses = self._resolver.addresses(target.host, deadline)
            except NotResolved as error:
                raise Stopped(Kind.DNS, str(error)) from None
        if not target.is_allowed and (kind := _first_fault(addresses)):
            raise Stopped(
                Kind.NOT_ALLOWED,
                f"the host {target.host} has an address that is not public ({kind})",
            )
        return addresses

    def dial(self, target: Target, deadline: Deadline) -> socket.socket:
        """Connect, and shake hands; the socket does not block.

        Raises:
            Stopped: it did not come about; nothing was sent.
        """
        addresses = self.vetted(target, deadline)
        opened = _first_that_answers(addresses, target, deadline)
        return self._encrypted(opened, target, deadline) if target.scheme == "https" else opened

    def _encrypted(
        self, opened: socket.socket, target: Target, deadline: Deadline
    ) -> ssl.SSLSocket:
        with self._lock:  # the authorities are read once, when they are first needed: 20 ms
            context = self._context = self._context or self._make_tls()
        encrypted: ssl.SSLSocket | None = None
        try:
            encrypted = context.wrap_socket(
                opened,
                server_hostname=target.host.encode(),  # a text would load the IDNA tables
                do_handshake_on_connect=False,
            )
            _shake_hands(encrypted, deadline)
            return encrypted
        except BaseException as error:
            (encrypted or opened).close()
            raise _stopped_by(error, target) from None


def _first_fault(addresses: Sequence[Address]) -> str | None:
    return next(filter(None, map(why_not_public, addresses)), None)


def _first_that_answers(
    addresses: Sequence[Address], target: Target, deadline: Deadline
) -> socket.socket:
    """One address after the other; a silent one takes its share of the time and no more."""
    tried = addresses[:MOST_ADDRESSES]
    failed = Stopped(Kind.TIMEOUT, f"no connection to {target} in time")
    for index, address in enumerate(tried):
        try:
            share = deadline.left() / (len(tried) - index)
            return connected(address, target.port, deadline.sooner(share))
        except TimeIsUp:
            failed = Stopped(Kind.TIMEOUT, f"no connection to {target} in time")
        except OSError as error:
            kind = Kind.TIMEOUT if error.errno == errno.ETIMEDOUT else Kind.REFUSED
            failed = Stopped(kind, f"no connection to {target}: {reason_of(error)}")
    raise failed


def connected(address: Address, port: int, deadline: Deadline) -> socket.socket:
    """A socket that is connected to this address.

    Raises:
        TimeIsUp: it was not in time.
        OSError: it was refused, or there is no way there.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _connect(opened, (str(address), port), deadline)
    except BaseException:
        opened.close()
        raise
    return opened


def _connect(opened: socket.socket, place: tuple[str, int], deadline: Deadline) -> None:
    code = opened.connect_ex(place)
    if code == errno.EINPROGRESS:
        deadline.wait(opened, WRITE)
        code = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))


def _shake_hands(encrypted: ssl.SSLSocket, deadline: Deadline) -> None:
    while True:
        deadline.left()
        try:
            return encrypted.do_handshake()
        except ssl.SSLWantReadError:
            deadline.wait(encrypted, READ)
        except ssl.SSLWantWriteError:
            deadline.wait(encrypted, WRITE)


def _stopped_by(error: BaseException, target: Target) -> BaseException:
    """What ended a handshake, as the sender is told."""
    if isinstance(error, TimeIsUp):
        return Stopped(Kind.TIMEOUT, f"no TLS with {target} in time")
    if isinstance(error, ssl.SSLCertVerificationError):
        said = f"the certificate of {target} is not valid: {error.verify_message}"
        return Stopped(Kind.BAD_CERTIFICATE, said)
    if isinstance(error, ssl.SSLEOFError | ConnectionError):
        return Stopped(Kind.RESET, f"{target} closed the connection during the TLS handshake")
    if isinstance(error, OSError):
        return Stopped(Kind.PROTOCOL, f"no TLS with {target}: {reason_of(error)}")
    return error


def reason_of(error: OSError) -> str:
    """The name of an error; its text may repeat what was received."""
    if isinstance(error, ssl.SSLError):
        return (error.reason or "TLS").replace("_", " ").lower()
    return os.strerror(error.errno) if error.errno else type(error).__name__
