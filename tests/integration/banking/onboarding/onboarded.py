"""What the tests of onboardings do and look at."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread

import pika.exceptions
import pytest

from chalicelib.banking import wiring
from chalicelib.banking.broker.access import username_of
from chalicelib.banking.events.topology import dead_letter_queue_name, queue_name
from chalicelib.banking.onboarding.steps import NAMES
from fintegrate import saga
from fintegrate.database import Row
from fintegrate.messaging.management import Management
from tests.support.api import Api, Reply
from tests.support.banking import parts_with
from tests.support.broker import delete_queues
from tests.support.broker_admin import run_broker_admin
from tests.support.fixtures import Query

AWAY = "amqp://nobody:hidden-secret@127.0.0.1:9/%2F"
ALL = NAMES["queue"]
WAITS = "30000"
"""Longer than broker_admin needs on a slow machine."""


@dataclass
class Onboardings:
    """Makes onboardings with names of their own and knows what is there of each."""

    admin: Api
    query: Query
    environment: dict[str, str]
    management: Management
    names: list[str] = field(default_factory=list)

    def new_name(self) -> str:
        self.names.append(f"bank_{uuid.uuid4().hex[:12]}")
        return self.names[-1]

    def post(self, name: str, **fields: object) -> Reply:
        return self.admin.post("/consumer/onboard", consumer_name=name, **fields)

    def read(self, name: str) -> dict[str, object]:
        reply = self.admin.get("/consumer/onboard", consumer_name=name)
        assert reply.status == 200, reply
        return dict(reply.data)

    @contextmanager
    def served(self, **changes: str) -> Iterator[None]:
        """Requests wait for the broker's user, and broker_admin is at work beside them."""
        with (
            parts_with(self.environment, BROKER_ACCESS_WAIT_MS=WAITS, **changes),
            broker_admin_beside(),
        ):
            yield

    def there_is(self, name: str) -> dict[str, bool]:
        """What there is of a bank: in the database and on the broker."""
        in_tables = {
            table: bool(self.query(f"SELECT 1 FROM {table} WHERE {column} = %(v)s", v=value))
            for table, column, value in (
                ("consumers", "name", name),
                ("broker_access", "username", username_of(name)),
            )
        }
        queues = {queue.name for queue in self.management.queues()}
        return {
            **in_tables,
            "queue": queue_name(name) in queues,
            "dead_letter_queue": dead_letter_queue_name(name) in queues,
            "user": username_of(name) in self.management.password_hashes(),
        }

    def nothing_is_left(self, name: str) -> bool:
        return not any(self.there_is(name).values())

    def make_due(self) -> None:
        """As if the waiting time, and a dead worker's lease, were over."""
        self.query("UPDATE onboardings SET look_at = NULL, lease_until = NULL, worker_id = NULL")

    def clear(self) -> None:
        for name in self.names:
            with suppress(pika.exceptions.AMQPError):
                delete_queues(self.environment["RABBITMQ_URL"], name)
            self.management.delete_user(username_of(name))


@contextmanager
def broker_admin_beside() -> Iterator[None]:
    """Runs broker_admin again and again, as nudges would."""
    done = Event()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            while not done.wait(0.05):
                run_broker_admin("settle")
        except BaseException as error:
            failed.append(error)
        finally:
            wiring.parts().close()

    worker = Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        done.set()
        worker.join()
        assert not failed, failed


class Killed(BaseException):
    """As if the process had died: nothing catches it."""


def dies(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """The process dies where it would call this."""

    def die(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr(path, die)


def dies_at(
    monkeypatch: pytest.MonkeyPatch, statement: str, step: str | None, *, noted: bool
) -> None:
    """The process dies before or after this statement, of any step or of this one."""
    original = saga._Run._noted

    def note(run: saga._Run, name: str, **values: object) -> Row:
        if name != statement or step not in (None, values.get("step")):
            return original(run, name, **values)
        if noted:
            original(run, name, **values)
        raise Killed

    monkeypatch.setattr(saga._Run, "_noted", note)
