"""The load: callers of several tenants, each a thread that creates, changes, tags and deletes.

The seed decides what each caller asks for. It does not decide the answers, nor how often a caller
repeats a request. A caller repeats a request without an answer, with the same idempotency key if it
has one.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from typing import Any

from local.banking.chaos.answers import Answer, AnswerRecord
from local.banking.chaos.tenants import Tenant
from local.banking.client import CallFailed, Client

TIMEOUT_SECONDS = 5.0
ATTEMPTS_WITH_KEY = 60
ATTEMPTS_WITHOUT_KEY = 3
PAUSE_SECONDS = 0.04
"""Mean time between two calls of one caller."""
AGAIN_SECONDS = 0.25
NO_SUCH_CUSTOMER = 404
CONFLICT = 409


class Customers:
    """The living customers of one tenant as its callers know them, with their last known status."""

    def __init__(self) -> None:
        self._statuses: dict[str, str] = {}
        self._lock = threading.Lock()

    def add(self, customer_id: str, status: str) -> None:
        """Add a customer or record its change."""
        with self._lock:
            self._statuses[customer_id] = status

    def drop(self, customer_id: str) -> None:
        """Forget a deleted customer."""
        with self._lock:
            self._statuses.pop(customer_id, None)

    def any(self, random: Random) -> tuple[str, str] | None:
        """One customer and its status. Most choices fall on a few, so that callers collide."""
        with self._lock:
            ids = list(self._statuses)
            if not ids:
                return None
            chosen = random.choice(ids[-8:] if random.random() < 0.7 else ids)
            return chosen, self._statuses[chosen]


@dataclass
class Caller:
    """One thread of calls for one tenant, to any of the function processes.

    Args:
        foreign: customers of another tenant, which must be invisible
        let_in: set while callers may call
    """

    tenant: Tenant
    base_urls: Sequence[str]
    record: AnswerRecord
    customers: Customers
    foreign: Customers
    random: Random
    stopping: threading.Event
    let_in: threading.Event
    _clients: Sequence[Client] = field(init=False)

    def run(self) -> None:
        """Call until told to stop."""
        operations: Mapping[Callable[[], None], int] = {
            self._create: 40,
            self._change_status: 45,
            self._delete: 8,
            self._tag: 10,
            self._read_foreign: 3,
            self._list_events: 2,
        }
        with ExitStack() as opened:
            self._clients = [
                opened.enter_context(Client(url, self.tenant.key, TIMEOUT_SECONDS))
                for url in self.base_urls
            ]
            while not self.stopping.wait(self.random.expovariate(1 / PAUSE_SECONDS)):
                (operation,) = self.random.choices(list(operations), list(operations.values()))
                operation()

    def use_key(self, key: str) -> None:
        """Call with this key from now on."""
        for client in self._clients:
            client.use_key(key)

    def _create(self) -> None:
        call = f"{self.tenant.name} {self._id()}"
        key = self._id() if self.random.random() < 0.8 else None
        body = {"name": call, "status": self.random.choice(("ACTIVE", "INACTIVE"))}
        answer = self._ask("create", "POST", "/customer/data", body, call=call, key=key)
        if answer.succeeded:
            self.customers.add(answer.data["customer_id"], answer.data["status"])

    def _change_status(self) -> None:
        if chosen := self.customers.any(self.random):
            customer_id, status = chosen
            wanted = "INACTIVE" if status == "ACTIVE" else "ACTIVE"
            body = {"customer_id": customer_id, "status": wanted}
            answer = self._ask("change_status", "PATCH", "/customer/change-status", body)
            self._learn(answer, customer_id, wanted)

    def _delete(self) -> None:
        if chosen := self.customers.any(self.random):
            self.customers.drop(chosen[0])
            self._ask("delete", "DELETE", "/customer/data", {"customer_id": chosen[0]})

    def _tag(self) -> None:
        if chosen := self.customers.any(self.random):
            body = {
                "customer_id": chosen[0],
                "tag_keys": [self._id()],
                "tag_values": [self.tenant.name],
            }
            answer = self._ask("tag", "POST", "/customer/tag", body, key=self._id())
            self._learn(answer, *chosen)

    def _read_foreign(self) -> None:
        if chosen := self.foreign.any(self.random):
            query = {"customer_id": chosen[0]}
            self._ask("read_foreign", "GET", "/customer/data", query)

    def _list_events(self) -> None:
        self._ask("list_events", "GET", "/events/list", {"limit": "20"})

    def _learn(self, answer: Answer, customer_id: str, status: str) -> None:
        if answer.status == NO_SUCH_CUSTOMER:
            self.customers.drop(customer_id)
        elif answer.final:
            self.customers.add(customer_id, status)

    def _ask(
        self,
        operation: str,
        method: str,
        path: str,
        body: dict[str, Any],
        call: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Ask until a conclusive answer comes, within limits. Returns the last answer."""
        call = call or self._id()
        attempts = ATTEMPTS_WITH_KEY if key else ATTEMPTS_WITHOUT_KEY
        if operation == "create" and key is None:
            attempts = 1  # a repeat would create a second one
        for _ in range(attempts):
            self.let_in.wait()
            status, data, words = self._send(method, path, body, key)
            customer_id = body.get("customer_id")
            answer = Answer(
                self.tenant.name, operation, call, status, customer_id, key, body, data, words
            )
            self.record.add(answer)
            in_flight = key is not None and status == CONFLICT
            if answer.final and not in_flight:
                break
            self.stopping.wait(self.random.uniform(0, 2 * AGAIN_SECONDS))
        return answer

    def _send(
        self, method: str, path: str, body: dict[str, Any], key: str | None
    ) -> tuple[int | None, dict[str, Any], str]:
        """The answer's status, data and refusal. Without an answer, the reason."""
        client = self.random.choice(self._clients)
        headers = {"Idempotency-Key": key} if key else {}
        sent, query = (None, body) if method == "GET" else (body, None)
        try:
            reply = client.call(method, path, sent, query=query, headers=headers)
        except CallFailed as failure:  # without the envelope a status is no promise
            return None, {}, str(failure)
        return reply.status, reply.data, "" if reply.succeeded else reply.description

    def _id(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))


class Load:
    """All callers of a run, from `start` to `stop`."""

    def __init__(
        self,
        tenants: Sequence[Tenant],
        base_urls: Sequence[str],
        record: AnswerRecord,
        seed: int,
        callers_each: int,
    ) -> None:
        self._stopping, self._let_in = threading.Event(), threading.Event()
        self._let_in.set()
        self.customers = {tenant.name: Customers() for tenant in tenants}
        self._callers, self._threads = [], []
        for place, tenant in enumerate(tenants):
            other = tenants[(place + 1) % len(tenants)]
            for number in range(callers_each):
                caller = Caller(
                    tenant,
                    base_urls,
                    record,
                    self.customers[tenant.name],
                    self.customers[other.name],
                    Random(f"{seed} {tenant.name} {number}"),  # noqa: S311  # repeatable
                    self._stopping,
                    self._let_in,
                )
                self._callers.append(caller)
                name = f"caller {number} of {tenant.name}"
                self._threads.append(threading.Thread(target=caller.run, name=name, daemon=True))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def hold(self) -> None:
        """Let no further call begin."""
        self._let_in.clear()

    def let_in(self) -> None:
        """Let calls go on."""
        self._let_in.set()

    def use_key(self, tenant_name: str, key: str) -> None:
        """Let a tenant's callers call with this key from now on."""
        for caller in self._callers:
            if caller.tenant.name == tenant_name:
                caller.use_key(key)

    def stop(self) -> None:
        """End every call. Returns when the last answer is recorded."""
        self._stopping.set()
        self._let_in.set()
        for thread in self._threads:
            thread.join()
