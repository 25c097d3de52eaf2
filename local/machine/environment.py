"""What the harness leaves aside of its caller's environment, because it is meant for other servers."""

from __future__ import annotations

from collections.abc import MutableMapping
from ipaddress import ip_address
from urllib.parse import urlsplit

LIBPQ = "PG"
"""Each of libpq's variables begins so ("Environment Variables" in PostgreSQL's manual)."""
LOCALHOST = "localhost"
UNPROXIED = ("127.0.0.1", LOCALHOST)


def leave_aside(environment: MutableMapping[str, str]) -> None:
    """Change the environment of this process, and so of all that it starts.

    libpq would take from its variables what an address does not say: another server's encryption,
    options or service. A proxy elsewhere cannot reach the servers of this machine.
    """
    for name in [name for name in environment if name.startswith(LIBPQ)]:
        del environment[name]
    # Where both are set, one client reads the one and another the other.
    for name in [name for name in ("NO_PROXY", "no_proxy") if name in environment] or ["NO_PROXY"]:
        named = [host for host in environment.get(name, "").split(",") if host]
        environment[name] = ",".join(dict.fromkeys([*named, *UNPROXIED]))


def may_use_proxy(url: str) -> bool:
    """Whether the proxy of the environment is for this address: the value of httpx's `trust_env`.

    httpx prepares a way through each proxy that the environment names, also when `NO_PROXY` excludes the
    address, and fails where it cannot.
    """
    return not is_this_machine(url)


def is_this_machine(url: str) -> bool:
    """Whether an address is of this machine, by its name."""
    host = urlsplit(url).hostname or ""
    if host == LOCALHOST or host.endswith(f".{LOCALHOST}"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
