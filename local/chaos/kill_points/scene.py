"""The playing of one kill point: a bank of its own, a death, the way back to rest, the examination."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pika

from chalicelib.events.topology import dead_letter_queue_name, queue_name
from local.chaos.kill_points.boundaries import Boundary
from local.chaos.kill_points.cell import NOTHING, Cell
from local.chaos.kill_points.evidence import Evidence, Findings, examine
from local.chaos.kill_points.processes import Ended, Task
from local.chaos.kill_points.recording import Consumption
from local.chaos.kill_points.tasks import Request, ScheduledRun

REST_SECONDS = 30.0


class BrokenPromiseError(Exception):
    """Something did not hold; the text says what."""


@dataclass(frozen=True)
class Reply:
    """An answer of the API."""

    status: int
    headers: Mapping[str, str]
    data: Mapping[str, Any]


@dataclass
class Bank:
    """A tenant of the point's own."""

    consumer_id: str
    name: str
    key: str

    @property
    def settings(self) -> dict[str, str]:
        """What its consumer's environment holds beside everybody's."""
        return {"FINTEGRATE_API_KEY": self.key}


@dataclass
class Scene:
    """What a scenario plays with. `kill` notes whether the boundary was reached."""

    cell: Cell
    boundary: Boundary
    hit: bool = False
    _bank: Bank | None = field(default=None, init=False)

    @property
    def bank(self) -> Bank:
        """This point's tenant, onboarded on first use."""
        if self._bank is None:
            self._bank = self.onboard(f"bank_{uuid.uuid4().hex[:12]}")
        return self._bank

    @property
    def consumption(self) -> Consumption:
        """The task of the bank's consumer."""
        return Consumption(self.bank.name, self.cell.folder)

    def onboard(self, name: str) -> Bank:
        """A new tenant with its key."""
        consumer = self.admin("POST", "/consumer/data", {"consumer_name": name}, 201)
        return Bank(consumer["consumer_id"], name, self.issue_key(consumer["consumer_id"]))

    def issue_key(self, consumer_id: str) -> str:
        """A new key of a tenant, in place of its old one."""
        body = {"consumer_id": consumer_id, "rotate": True}
        return str(self.admin("POST", "/consumer/api-key", body, 201)["api_key"])

    def admin(
        self, method: str, path: str, body: Mapping[str, Any], status: int = 200
    ) -> Mapping[str, Any]:
        """The `data` of a call of the admin's that must be answered so."""
        return self._expected(Request(method, path, self.cell.admin_key, body), status)

    def call(
        self, method: str, path: str, body: Mapping[str, Any], status: int = 200
    ) -> Mapping[str, Any]:
        """The `data` of a call of the bank's that must be answered so."""
        return self._expected(Request(method, path, self.bank.key, body), status)

    def send(self, request: Request) -> Reply:
        """Send a request to the server, which nobody kills."""
        answer = httpx.request(
            request.method,
            self.cell.base_url + request.path,
            headers=request.all_headers,
            content=request.content,
            timeout=30,
        )
        return Reply(answer.status_code, answer.headers, answer.json()["data"])

    def request(self, method: str, path: str, body: Mapping[str, Any], **headers: str) -> Request:
        """A request of the bank's, to be sent or to be killed in."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Request(method, path, self.bank.key, body, named)

    def kill(self, task: Task, settings: Mapping[str, str] = NOTHING) -> Ended:
        """Start a process at the task and let it die at the boundary."""
        ended = self.cell.run(task, settings, self.boundary)
        self.hit = self.hit or ended.hit
        return ended

    def events(self) -> list[dict[str, Any]]:
        """The bank's events as they stand."""
        return self.cell.query("events", consumer_id=self.bank.consumer_id)

    def come_to_rest(self) -> None:
        """Fresh sweeps until nothing is pending, then fresh consumers until all is confirmed."""
        until("everything is published", self._published)
        until("everything is confirmed and the queue is empty", self._consumed)

    def examine(self) -> Findings:
        """What the bank's rows, queue and inbox show."""
        scope = {"consumer_id": self.bank.consumer_id}
        sequences = self.cell.query("sequences", **scope)
        return examine(
            Evidence(
                self.events(),
                {row["customer_id"]: row["event_sequence"] for row in sequences},
                self.cell.query("receipts", **scope),
                self.consumption.arrivals(),
                self.consumption.applications(),
            )
        )

    def whole_or_nothing(self, event_id: str) -> None:
        """A receipt and its event say the same, whatever happened to who wrote them."""
        (event,) = [each for each in self.events() if each["event_id"] == event_id]
        receipts = self.cell.query("receipts", consumer_id=self.bank.consumer_id)
        confirmed = any(receipt["event_id"] == event_id for receipt in receipts)
        said = f"the event is {event['deliver_status']}, receipts: {receipts}"
        self.expect(confirmed == (event["deliver_status"] == "delivered"), said)

    def expect(self, holds: bool, otherwise: str) -> None:
        """Raises `BrokenPromiseError` unless it holds."""
        if not holds:
            raise BrokenPromiseError(otherwise)

    def queue_length(self) -> int:
        """How many messages wait in the bank's queue."""
        connection = pika.BlockingConnection(pika.URLParameters(self.cell.urls.rabbitmq_url))
        try:
            declared = connection.channel().queue_declare(queue_name(self.bank.name), passive=True)
            return int(declared.method.message_count)
        finally:
            connection.close()

    def close(self) -> None:
        """Remove the bank's queues, so that the broker stays small."""
        if self._bank is None:
            return
        connection = pika.BlockingConnection(pika.URLParameters(self.cell.urls.rabbitmq_url))
        channel = connection.channel()
        channel.queue_delete(queue_name(self._bank.name))
        channel.queue_delete(dead_letter_queue_name(self._bank.name))
        connection.close()

    def _expected(self, request: Request, status: int) -> Mapping[str, Any]:
        reply = self.send(request)
        said = f"{request.method} {request.path}: {reply.status} instead of {status}"
        self.expect(reply.status == status, said)
        return reply.data

    def _published(self) -> bool:
        if all(event["publish_status"] != "pending" for event in self.events()):
            return True
        self.cell.run(ScheduledRun("resend"))
        return False

    def _consumed(self) -> bool:
        self.cell.run(self.consumption, self.bank.settings)
        confirmed = all(event["deliver_status"] != "pending" for event in self.events())
        return confirmed and self.queue_length() == 0


def until(what: str, done: Callable[[], bool], seconds: float = REST_SECONDS) -> None:
    """Ask again and again; raises `BrokenPromiseError` when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise BrokenPromiseError(f"not within {seconds:g} s: {what}")
        time.sleep(0.05)
