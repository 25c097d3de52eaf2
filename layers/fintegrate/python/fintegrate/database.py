"""PostgreSQL: one connection per thread, kept across invocations, and the translation of its errors.

Lambda freezes a function's process between requests, so a kept connection may be dead afterwards. The
first statement of a request uses `fetch_one(…, revive=True)`, which reconnects and runs it again.
Only idempotent statements may be revived: if a connection breaks, a write may have been committed.
A server that is read-only, as after a failover, is never used: reading from it could miss what was
written elsewhere since, such as the end of a key.

No statement and no commit waits longer than the server's timeout for statements and a second; then the
connection is closed. The server may be frozen, or a commit may wait for a standby (`answer_deadline`).

Leaves the statements to others: they come from the `.sql` file beside the caller.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NoReturn, TypeVar

import psycopg2
import psycopg2.errors
import psycopg2.extensions

from fintegrate.answer_deadline import AnswerDeadline
from fintegrate.errors import Busy, Unavailable
from fintegrate.settings import SettingsError

Row = dict[str, Any]
Parameters = Mapping[str, Any]
T = TypeVar("T")


_ANSWER_SECONDS = 1.0
"""The time that an answer may be later than the server's own timeout for the statement."""


class UniqueViolation(Exception):
    """A row with this key exists; `constraint` is the name of the violated constraint."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class ConnectionLost(Unavailable):
    """The connection broke or could not be made; a write in flight may have been committed."""


class NoAnswer(ConnectionLost):
    """The server did not answer in time. Whoever asks again would wait as long again."""


class ReadOnlyServer(ConnectionLost):
    """The server refused to write, so it has done nothing; another may accept the statement."""


class RolledBack(Busy):
    """The server undid the transaction, to end a deadlock; the same may be tried again at once."""


class _Session:
    """One thread's connection."""

    __slots__ = ("answer_seconds", "connection", "cursor", "deadline", "in_transaction")

    def __init__(self, connection: psycopg2.extensions.connection, answer_seconds: float) -> None:
        self.connection = connection
        self.cursor = connection.cursor()  # one for all: results are read at once
        self.deadline = AnswerDeadline(connection)
        self.answer_seconds = answer_seconds
        self.in_transaction = False


class Database:
    """One process's access to a database. Statements outside `transaction()` commit by themselves.

    `options` says who sets the timeouts: with `startup` the client does when it connects, with `server`
    the server's configuration does. `renewed_url` reads the URL again. It is called once per attempt
    when the password was refused, because the password may have been rotated since the process began.
    An error about the URL names the variable `setting`. The server's views show `application` as the
    name of these connections.

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
        self._answer_seconds = statement_timeout_ms / 1000 + _ANSWER_SECONDS
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
            Busy: the statement took too long, or waited too long for a lock.
        """
        rows = self.fetch_all(sql, parameters, revive=revive)
        return rows[0] if rows else None

    def fetch_all(self, sql: str, parameters: Parameters, *, revive: bool = False) -> list[Row]:
        """Every row as a dictionary; errors as `fetch_one`."""
        return self._run(sql, parameters, _rows, revive=revive)

    def execute(self, sql: str, parameters: Parameters) -> int:
        """Run a statement and return how many rows it affected. Errors as `fetch_one`."""
        return self._run(sql, parameters, lambda cursor: int(cursor.rowcount))

    @contextmanager
    def transaction(self, statement_seconds: float | None = None) -> Iterator[None]:
        """Everything inside commits together, or not at all. Transactions do not nest.

        `statement_seconds` is the server's timeout for a statement, if the transaction sets one of its
        own. After `ConnectionLost` at the end of a transaction nobody knows whether it committed.
        """
        if self.in_transaction:
            raise RuntimeError("transactions do not nest")
        session = self._session()
        session.in_transaction = True
        if statement_seconds is not None:
            session.answer_seconds = statement_seconds + _ANSWER_SECONDS
        try:
            try:
                with session.connection:
                    try:
                        yield
                    finally:
                        session.deadline.set(session.answer_seconds)  # to COMMIT or ROLLBACK
            finally:
                session.deadline.clear()
        except psycopg2.Error as error:
            _raise_ours(error, session)
        finally:
            session.in_transaction = False
            session.answer_seconds = self._answer_seconds

    @property
    def in_transaction(self) -> bool:
        session: _Session | None = getattr(self._local, "session", None)
        return session is not None and session.in_transaction

    def close(self) -> None:
        """Close this thread's connection; the next statement opens another."""
        session: _Session | None = getattr(self._local, "session", None)
        if session is not None:
            session.connection.close()
            self._local.session = None

    def _run(
        self,
        sql: str,
        parameters: Parameters,
        result: Callable[[psycopg2.extensions.cursor], T],
        *,
        revive: bool = False,
    ) -> T:
        try:
            return self._run_once(sql, parameters, result)
        except ConnectionLost as error:
            harmless = isinstance(error, ReadOnlyServer) or revive
            if self.in_transaction or not harmless or isinstance(error, NoAnswer):
                raise
            return self._run_once(sql, parameters, result)

    def _run_once(
        self, sql: str, parameters: Parameters, result: Callable[[psycopg2.extensions.cursor], T]
    ) -> T:
        session = self._session()
        try:
            session.deadline.set(session.answer_seconds)
            try:
                session.cursor.execute(sql, parameters)
            finally:
                session.deadline.clear()
            return result(session.cursor)
        except psycopg2.Error as error:
            _raise_ours(error, session)

    def _session(self) -> _Session:
        session: _Session | None = getattr(self._local, "session", None)
        if session is not None:
            if session.in_transaction:  # never another one: what follows would commit by itself
                return session
            if not session.connection.closed and not _is_read_only(session.connection):
                return session
            session.connection.close()
        session = self._local.session = _Session(self._connect(), self._answer_seconds)
        return session

    def _connect(self) -> psycopg2.extensions.connection:
        begun = time.monotonic()
        try:
            connection = self._open()
        except psycopg2.OperationalError as error:
            if time.monotonic() - begun >= self._connect_timeout:
                raise NoAnswer("The database does not answer; try again shortly") from error
            raise ConnectionLost("The database cannot be reached; try again shortly") from error
        connection.autocommit = True
        return connection

    def _open(self) -> psycopg2.extensions.connection:
        try:
            return self._open_with(self._url)
        except psycopg2.OperationalError as error:
            # The error of a refused password has no code of its own. PostgreSQL says "password
            # authentication failed", RDS Proxy says "the password … is wrong".
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
            target_session_attrs="read-write",
            keepalives_idle=30,
            tcp_user_timeout=10_000,
        )


def check_url(url: str, setting: str = "DATABASE_URL") -> None:
    """Refuse a URL that libpq would misread because of a special character in the password.

    libpq's own error would show a part of the password.

    Raises:
        SettingsError: the URL cannot be read; its text is not repeated.
    """
    with suppress(psycopg2.ProgrammingError):
        port = psycopg2.extensions.parse_dsn(url).get("port", "")
        if re.fullmatch(r"[0-9,]*", port):
            return
    raise SettingsError(f"{setting} cannot be read; percent-encode its user and password")


_SERVER_GONE = re.compile("08...|57P..|25P03|25006")
"""The codes of a connection that is of no use any more: connection exceptions, a server that ends,
starts or recovers, a session that waited too long, a read-only server (PostgreSQL, appendix A)."""
_TOO_BUSY = (psycopg2.OperationalError, psycopg2.InterfaceError)
_DATA = "22"
"""How the codes of errors about data begin; even their first line may repeat a value."""


def _raise_ours(error: psycopg2.Error, session: _Session) -> NoReturn:
    """Raise the error that callers get for one of the driver's, and close a connection of no use.

    An error that only a defect can cause stays, without values. `_connect` translates failed attempts.
    """
    connection = session.connection
    _forget_values(error)
    if isinstance(error, psycopg2.errors.UniqueViolation):
        raise UniqueViolation(error.diag.constraint_name or "") from error
    if session.deadline.passed:
        connection.close()
        raise NoAnswer("The database does not answer; try again shortly") from error
    if isinstance(error.__context__, ConnectionLost):  # rolling back failed, which is no news
        raise error.__context__
    if _SERVER_GONE.fullmatch(error.pgcode or ""):
        connection.close()
    if isinstance(error, psycopg2.errors.ReadOnlySqlTransaction):
        raise ReadOnlyServer("The database accepts no writes now; try again shortly") from error
    if connection.closed:
        raise ConnectionLost("The database connection was lost; try again shortly") from error
    if isinstance(error, psycopg2.extensions.TransactionRollbackError):
        raise RolledBack("The database is too busy to answer; try again shortly") from error
    if isinstance(error, _TOO_BUSY):
        raise Busy("The database is too busy to answer; try again shortly") from error
    raise error


def _forget_values(error: psycopg2.Error) -> None:
    """Leave the first line of an error's text: the others may show a row, or a statement's values."""
    said, code = error.diag.message_primary, error.pgcode or ""
    if said is not None:
        error.args = (code if code.startswith(_DATA) else f"{said} ({code})",)


def _is_read_only(connection: psycopg2.extensions.connection) -> bool:
    """Whether the server has said so. It tells each change by itself, with its next answer."""
    told = connection.get_parameter_status
    return "on" in (told("default_transaction_read_only"), told("in_hot_standby"))


def _rows(cursor: psycopg2.extensions.cursor) -> list[Row]:
    if cursor.description is None:
        return []
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
