"""What the function `broker_admin` does: it makes the broker's users what the database wants.

No other function has the broker's administrator
(docs/decisions/0020-one-function-administers-the-broker.md).
Each call may be repeated, and a run that was killed anywhere is made good by the next one.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from chalicelib.banking.broker.access import username_of
from chalicelib.banking.broker.observations import keep
from chalicelib.banking.events.topology import queue_name
from fintegrate.database import Database, Row
from fintegrate.messaging.management import (
    Limits,
    Management,
    ManagementRefused,
    Permissions,
    hash_password,
)
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
LIMITS = Limits(connections=5, channels=50)
EVERYTHING = Permissions(".*", ".*", ".*")
ADMINISTRATOR = "administrator"
CHANGED = "its access was changed or taken away; ask the operator"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Administration:
    """The broker's administrator, and where it reads what is wanted.

    `turns` is a second connection to the same database. It holds the lock of a run, while each step of
    the run commits on `database`.
    """

    management: Management
    database: Database
    turns: Database

    def settle(self) -> int:
        """Bring about what is wanted and not done yet; returns how many users were settled.

        Another run may have left its work to this one, so it looks again after its turn.

        Raises:
            ManagementUnavailable: the broker is away; the rest stays for the next run.
            ManagementRefused: the broker refuses the administrator.
        """
        settled, before = 0, -1
        while settled > before and any(row["unsettled"] for row in self._wanted()):
            before = settled
            with self._turn() as taken:
                if taken:
                    rows = self._wanted()
                    settled += sum(self._apply(row) for row in rows if row["unsettled"])
        return settled

    def observe(self) -> int:
        """Settle, and also what the broker has lost or somebody has changed; note what is seen.

        Returns how many users were settled. Raises as `settle`.
        """
        self._note_queues()  # first: one user's trouble must not stop redelivery
        settled = 0
        with self._turn() as taken:
            if taken:
                there, wanted = self.management.password_hashes(), self._wanted()
                self._report_strangers(there.keys() - {row["username"] for row in wanted})
                settled = sum(
                    self._apply(row)
                    for row in wanted
                    if row["unsettled"] or there.get(row["username"]) != row["password_hash"]
                )
        settled += self.settle()
        self._note_connections()
        return settled

    def put_platform_user(self, rabbitmq_url: str) -> str:
        """Give the platform's user the password of its URL, every permission and no tag.

        Returns its name.

        Raises:
            ValueError: it is the administrator, who would lose its rights.
        """
        parts = urlsplit(rabbitmq_url)
        name = unquote(parts.username or "")
        if name in {"", self.management.user}:
            raise ValueError(
                "RABBITMQ_URL names no user of its own: it must not be the administrator of "
                "RABBITMQ_MANAGEMENT_URL"
            )
        self.management.put_user(name, hash_password(unquote(parts.password or "")))
        self.management.put_permissions(name, EVERYTHING)
        return name

    def put_own_password(self, password_hash: str) -> str:
        """Replace the administrator's own password. Returns its name."""
        self.management.put_user(self.management.user, password_hash, tags=ADMINISTRATOR)
        return self.management.user

    @contextmanager
    def _turn(self) -> Iterator[bool]:
        """Whether it is this run's turn, for as long as this lasts."""
        with self.turns.transaction():
            turn = self.turns.fetch_one(SQL["take_turn"], {})
            yield turn is not None and bool(turn["taken"])

    @staticmethod
    def _report_strangers(usernames: Iterable[str]) -> None:
        """A restored backup may be older than a bank's user, which still reads its queue."""
        for name in sorted(usernames):
            if name.startswith(username_of("")):
                log.error("the broker's user %s is known to no consumer", name)

    def _wanted(self) -> list[Row]:
        """Those without access come first."""
        return self.database.fetch_all(SQL["wanted"], {}, revive=True)

    def _apply(self, row: Row) -> bool:
        try:
            self._bring_about(row["username"], row["consumer_name"], row["password_hash"])
        except ManagementRefused:  # one user's trouble is not the others'
            log.exception("the broker refuses the user %s", row["username"])
            return False
        written = {"consumer_id": row["consumer_id"], "revision": row["revision"]}
        self.database.execute(SQL["settled"], written)
        log.info("user %s: %s", row["username"], "put" if row["password_hash"] else "deleted")
        return True

    def _bring_about(self, username: str, consumer_name: str, password_hash: str | None) -> None:
        """Connections are closed last: whoever comes again after that needs the new password."""
        if password_hash is None:
            self.management.delete_user(username)
        else:
            self.management.put_user(username, password_hash)
            self.management.put_limits(username, LIMITS)
            self.management.put_permissions(username, permissions_of(consumer_name))
        self.management.close_connections(username, CHANGED)

    def _note_queues(self) -> None:
        asked = time.monotonic()
        seen = self.management.queues()
        for name in keep(self.database, seen, time.monotonic() - asked):
            log.error("the queue %s belongs to no consumer", name)

    def _note_connections(self) -> None:
        asked = time.monotonic()
        users = self.management.connected_users()
        usernames = [row["username"] for row in self._wanted()]
        seen: Mapping[str, Any] = {
            "usernames": usernames,
            "connections": [users[name] for name in usernames],
            "seconds_ago": time.monotonic() - asked,
        }
        self.database.execute(SQL["connections_seen"], seen)


def permissions_of(consumer_name: str) -> Permissions:
    """It may read its own queue and nothing else: not even that of a bank whose name begins so."""
    return Permissions("^$", "^$", f"^{re.escape(queue_name(consumer_name))}$")
