"""RabbitMQ's management API over HTTP: users, their limits and connections, and queues' figures.

Everything that AMQP cannot say or do. Each call opens a connection of its own, because calls are rare:
one a minute. It takes no proxy from the environment, follows no redirect, and checks the server's
certificate. Neither the credentials nor a user's password hash is in any error.

Leaves to others who may call it. Its credentials are an administrator's.
Source: https://www.rabbitmq.com/docs/http-api-reference
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import secrets
import ssl
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from fintegrate.settings import SettingsError

HASHING = "rabbit_password_hashing_sha256"
SALT_BYTES = 4
CLOSING_TRIES = 6
"""One more than the connections that a user may have."""
LONGEST_ANSWER = 32 * 1024 * 1024
"""Bytes. A queue takes some 400 in the list of all."""


class ManagementUnavailable(Exception):
    """The management API did not answer in time, or answered 5xx; a later try may succeed."""


class ManagementFailed(ManagementUnavailable):
    """It answered 5xx."""


class ManagementRefused(Exception):
    """It refused the request (4xx), for example because the credentials are wrong."""


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """How full a queue was when the broker last counted, which is some seconds ago.

    A figure is None while the broker has not counted: the queue is new, or its leader is away.
    """

    name: str
    ready: int | None
    unacknowledged: int | None
    consumers: int
    """Subscriptions; a queue with a single active consumer counts those that wait, too."""


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a user may do in a virtual host: a regular expression for each right. `^$` is nothing."""

    configure: str
    write: str
    read: str


@dataclass(frozen=True, slots=True)
class Limits:
    """The most connections of a user, and the most channels on all of them."""

    connections: int
    channels: int


def hash_password(password: str) -> str:
    """A password as RabbitMQ stores it: base64 of a random salt and SHA-256 of salt and password.

    Source: https://www.rabbitmq.com/docs/passwords
    """
    salt = secrets.token_bytes(SALT_BYTES)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


class Management:
    """The management API at a URL with user and password, for one virtual host.

    Every method raises the same errors. An error about the URL names the variable `setting`.

    Raises:
        ManagementUnavailable: no answer within `seconds`, or 5xx.
        ManagementRefused: any other answer than a success.
        SettingsError: the URL cannot be read; its text is not repeated.
    """

    def __init__(
        self,
        url: str,
        *,
        virtual_host: str = "/",
        seconds: float = 3.0,
        setting: str = "RABBITMQ_MANAGEMENT_URL",
    ) -> None:
        self._virtual_host = quote(virtual_host, safe="")
        self._seconds = seconds
        try:
            parts = urlsplit(url)
            self._host, self._port, self._path = parts.hostname or "", parts.port, parts.path
        except ValueError:
            self._host = ""
        if not self._host or parts.scheme not in {"http", "https"}:
            raise SettingsError(
                f"{setting} cannot be read: it must be https://user:password@host[:port]; "
                "percent-encode user and password"
            ) from None
        self._tls = parts.scheme == "https"
        self.user = unquote(parts.username or "")
        """The administrator whom the URL names."""
        pair = f"{self.user}:{unquote(parts.password or '')}"
        self._authorization = "Basic " + base64.b64encode(pair.encode()).decode()

    def put_virtual_host(self) -> None:
        """Create the virtual host, if it is missing; this administrator gets every right there."""
        self._ask("PUT", f"vhosts/{self._virtual_host}")
        self.put_permissions(self.user, Permissions(".*", ".*", ".*"))

    def delete_virtual_host(self) -> None:
        """Delete the virtual host with everything in it, if it exists."""
        self._ask("DELETE", f"vhosts/{self._virtual_host}", missing_is_fine=True)

    def put_user(self, name: str, password_hash: str, tags: str = "") -> None:
        """Create a user, or give it this password (`hash_password`) and these tags."""
        body = {"password_hash": password_hash, "hashing_algorithm": HASHING, "tags": tags}
        self._ask("PUT", f"users/{_quoted(name)}", body)

    def delete_user(self, name: str) -> None:
        """Delete a user with its permissions and limits, if it exists; the broker disconnects it."""
        self._ask("DELETE", f"users/{_quoted(name)}", missing_is_fine=True)

    def password_hashes(self) -> dict[str, str]:
        """All users by name, with the hash of each one's password."""
        found = self._ask("GET", "users")
        return {str(user["name"]): str(user.get("password_hash", "")) for user in found}

    def put_permissions(self, name: str, permissions: Permissions) -> None:
        """Replace what a user may do in the virtual host."""
        body = {
            "configure": permissions.configure,
            "write": permissions.write,
            "read": permissions.read,
        }
        self._ask("PUT", f"permissions/{self._virtual_host}/{_quoted(name)}", body)

    def put_limits(self, name: str, limits: Limits) -> None:
        """Bound a user's connections and channels."""
        for limit, value in (
            ("max-connections", limits.connections),
            ("max-channels", limits.channels),
        ):
            self._ask("PUT", f"user-limits/{_quoted(name)}/{limit}", {"value": value})

    def connection_names(self, user: str) -> list[str]:
        """The names of a user's connections, new ones and closing ones included."""
        found = self._ask("GET", f"connections/username/{_quoted(user)}", missing_is_fine=True)
        return [str(connection["name"]) for connection in found or []]

    def close_connections(self, user: str, reason: str) -> None:
        """Close all connections of a user; the clients are told the reason.

        The broker closes them by name only after its statistics know them, so this names the user. A
        connection that ends by itself meanwhile makes it answer 500, and leave the others open.
        """
        path = f"connections/username/{_quoted(user)}"
        for tries_left in reversed(range(CLOSING_TRIES)):
            try:
                self._ask("DELETE", path, missing_is_fine=True, headers={"X-Reason": reason})
                return
            except ManagementFailed:
                if not tries_left:
                    raise

    def connected_users(self) -> Counter[str]:
        """How many connections each user has. One that was just opened may be missing."""
        path = f"vhosts/{self._virtual_host}/connections?columns=user"
        return Counter(str(entry["user"]) for entry in self._ask("GET", path) if "user" in entry)

    def queues(self) -> list[QueueFigures]:
        """The figures of all queues of the virtual host."""
        # Only the statistics leave out what is not known; the list without them says 0 (3.10).
        columns = "name,messages_ready,messages_unacknowledged"
        found = self._ask("GET", f"queues/{self._virtual_host}?columns={columns}")
        # The count in the list of queues lags behind or is missing.
        consumers = self._consumers()
        return [_figures(entry, consumers) for entry in found]

    def _consumers(self) -> Counter[str]:
        path = f"consumers/{self._virtual_host}?columns=queue"
        return Counter(str(entry["queue"]["name"]) for entry in self._ask("GET", path))

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        missing_is_fine: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Make one call; returns the answer's JSON, or None if there is none."""
        said = f"{method} /api/{path.partition('?')[0]}"
        try:
            status, text = self._exchange(method, path, body, headers or {})
        except (OSError, http.client.HTTPException) as error:
            raise ManagementUnavailable(f"{said}: {type(error).__name__}: {error}") from None
        if status == http.client.NOT_FOUND and missing_is_fine:
            return None
        if status >= 500:
            raise ManagementFailed(f"{said}: {status}")
        if not 200 <= status < 300:
            raise ManagementRefused(f"{said}: {status} {_reason(text)}")
        try:
            return json.loads(text) if text else None
        except ValueError:
            raise ManagementUnavailable(f"{said}: {status}, and the answer is no JSON") from None

    def _exchange(
        self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        connection = self._connection()
        try:
            connection.request(
                method,
                f"{self._path.rstrip('/')}/api/{path}",
                body=None if body is None else json.dumps(body),
                headers={
                    "Authorization": self._authorization,
                    "Content-Type": "application/json",
                    **headers,
                },
            )
            answer = connection.getresponse()
            text = answer.read(LONGEST_ANSWER + 1)
        finally:
            connection.close()
        if len(text) > LONGEST_ANSWER:
            raise http.client.HTTPException("the answer is too long")
        return answer.status, text

    def _connection(self) -> http.client.HTTPConnection:
        if self._tls:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(
                self._host, self._port, timeout=self._seconds, context=context
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=self._seconds)


def _figures(entry: Mapping[str, Any], consumers: Counter[str]) -> QueueFigures:
    name = str(entry["name"])
    return QueueFigures(
        name=name,
        ready=entry.get("messages_ready"),
        unacknowledged=entry.get("messages_unacknowledged"),
        consumers=consumers[name],
    )


def _quoted(name: str) -> str:
    return quote(name, safe="")


def _reason(text: bytes) -> str:
    """The broker's own words of a refusal; they repeat no password."""
    try:
        said = json.loads(text)
        return str(said.get("reason") or said.get("error") or "")[:200]
    except (ValueError, AttributeError):
        return ""
