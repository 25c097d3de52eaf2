"""PostgreSQL: one connection per thread, kept across invocations, and one boundary for its errors.

A function's process is frozen between requests, so a kept connection may be dead when it wakes:
`fetch_one(…, revive=True)`, used for the first statement of a request, replaces it and asks again.
Only reads may be revived: a write whose connection broke may have been committed.

Leaves to others what the statements are: they come from the `.sql` file beside the caller.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg2
import psycopg2.errors
import psycopg2.extensions

from fintegrate.errors import Busy, Unavailable
from fintegrate.settings import SettingsError

Row = dict[str, Any]
Parameters = Mapping[str, Any]
T = TypeVar("T")


class UniqueViolation(Exception):
    """A row with this key exists; `constraint` is the name of the constraint that said so."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class ConnectionLost(Unavailable):
    """The connection broke or could not be made; a write in flight may or may not have happened."""


class Database:
    """The statements of one process. Statements outside `transaction()` commit by themselves.

    `options` is where the timeouts are set: `startup` asks for them when connecting, `server` relies
    on the server's configuration. `renewed_url` reads the URL again: it is asked, once per attempt,
    when the password was refused, because it may have been rotated under a process that lives on.
    `setting` is the variable that an error about the URL names; `application` is how the server's
    views name these connections.

    Raises:
        SettingsError: the URL cannot be read; its text is not repeated.
    """

    def __init__(
        self,
        url: str,
        *,
        connect_timeout_seconds: int = 3,
        statement_timeout_ms: int = 20_000,
        lock_timeout_ms: int = 5_000,
        options: str = "startup",
        renewed_url: Callable[[], str] | None = None,
        setting: str = "DATABASE_URL",
        application: str = "fintegrate",
    ) -> None:
        check_url(url, setting)
        self._url = url
        self._renewed_url = renewed_url
        self._application = application
        self._connect_timeout = connect_timeout_seconds
        self._options = (
            f"-c timezone=UTC -c statement_timeout={statement_timeout_ms}"
            f" -c lock_timeout={lock_timeout_ms} -c idle_in_transaction_session_timeout=60000"
            if options == "startup"
            else None
        )
        self._local = threading.local()

    def fetch_one(self, sql: str, parameters: Parameters, *, revive: bool = False) -> Row | None:
        """The first row as a dictionary, or None.

        Raises:
            UniqueViolation: a key exists already.
            Unavailable: the database is away.
            Busy: it is too slow, or could not give a lock in time.
        """
        rows = self.fetch_all(sql, parameters, revive=revive)
        return rows[0] if rows else None

    def fetch_all(self, sql: str, parameters: Parameters, *, revive: bool = False) -> list[Row]:
        """Every row as a dictionary; errors as `fetch_one`."""
        try:
            return self._run(sql, parameters, _rows)
        except ConnectionLost:
            if not revive or self.in_transaction:
                raise
            return self._run(sql, parameters, _rows)

    def execute(self, sql: str, parameters: Parameters) -> int:
        """Run a statement that answers no rows; how many rows it touched. Errors as `fetch_one`."""
        return self._run(sql, parameters, lambda cursor: int(cursor.rowcount))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside commits together, or not at all. Transactions do not nest."""
        if self.in_transaction:
            raise RuntimeError("transactions do not nest")
        connection = self._connection()
        self._local.in_transaction = True
        try:
            with connection:
                yield
        except _TRANSLATED as error:
            raise _ours(error, connection) from error
        finally:
            self._local.in_transaction = False

    @property
    def in_transaction(self) -> bool:
        """Whether this thread is inside `transaction()`."""
        return bool(getattr(self._local, "in_transaction", False))

    def close(self) -> None:
        """Close this thread's connection; the next statement opens another."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def _run(
        self, sql: str, parameters: Parameters, result: Callable[[psycopg2.extensions.cursor], T]
    ) -> T:
        connection = self._connection()
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return result(cursor)
        except _TRANSLATED as error:
            raise _ours(error, connection) from error

    def _connection(self) -> psycopg2.extensions.connection:
        connection = getattr(self._local, "connection", None)
        if connection is None or connection.closed:
            self._local.connection = connection = self._connect()
        return connection

    def _connect(self) -> psycopg2.extensions.connection:
        try:
            connection = self._open()
        except psycopg2.OperationalError as error:
            raise ConnectionLost("The database cannot be reached; try again shortly") from error
        connection.autocommit = True
        return connection

    def _open(self) -> psycopg2.extensions.connection:
        try:
            return self._open_with(self._url)
        except psycopg2.OperationalError as error:
            # A refused password has no code of its own here: PostgreSQL says "password authentication
            # failed", RDS Proxy that "the password … is wrong".
            if self._renewed_url is None or "password" not in str(error):
                raise
        self._url = self._renewed_url()
        return self._open_with(self._url)

    def _open_with(self, url: str) -> psycopg2.extensions.connection:
        return psycopg2.connect(
            url,
            connect_timeout=self._connect_timeout,
            options=self._options,
            application_name=self._application,
            keepalives_idle=30,
            tcp_user_timeout=10_000,
        )


def check_url(url: str, setting: str = "DATABASE_URL") -> None:
    """Refuse a URL that a special character in its password broke: libpq's own error would show it.

    Raises:
        SettingsError: the URL cannot be read; its text is not repeated.
    """
    with suppress(psycopg2.ProgrammingError):
        port = psycopg2.extensions.parse_dsn(url).get("port", "")
        if re.fullmatch(r"[0-9,]*", port):
            return
    raise SettingsError(f"{setting} cannot be read; percent-encode its user and password")


_TRANSLATED = (
    psycopg2.errors.UniqueViolation,
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
)


def _ours(error: psycopg2.Error, connection: psycopg2.extensions.connection) -> Exception:
    """What one of `_TRANSLATED` is to callers; what fails to connect is `_connect`'s to tell."""
    if isinstance(error, psycopg2.errors.UniqueViolation):
        return UniqueViolation(error.diag.constraint_name or "")
    if connection.closed:
        return ConnectionLost("The database connection was lost; try again shortly")
    return Busy("The database is too busy to answer; try again shortly")


def _rows(cursor: psycopg2.extensions.cursor) -> list[Row]:
    if cursor.description is None:
        return []
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
