"""The peer: a relay as a good team writes it with FastAPI, SQLAlchemy (async) and httpx.

An endpoint validates a batch, hashes and encrypts what is personal, and writes events and deliveries in
one transaction. A polling worker leases rows with `SKIP LOCKED`, sends them side by side through one
client, signs as Standard Webhooks says, tries again later, and writes a whole claim back at once. It
works on the same tables. It runs in its own virtualenv (`requirements-peers.txt`).

It has no lanes, no breaker, no throttle and no halving.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import secrets
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import httpx
from cryptography.fernet import Fernet
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, Text, Uuid, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

LEASE = timedelta(seconds=35)
WAITS = [5, 60, 300, 1800, 7200]
POLL_SECONDS = 0.05
KEY = b"team-secret-of-thirty-two-bytes!"

engine = create_async_engine(
    os.environ["RELAY_DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://", 1),
    pool_size=5,
)
sessions = async_sessionmaker(engine, expire_on_commit=False)
fernet = Fernet(base64.urlsafe_b64encode(KEY))


class Base(DeclarativeBase):
    """The tables, as far as they are used."""


class Storefront(Base):
    __tablename__ = "storefronts"
    id: Mapped[int] = mapped_column(primary_key=True)
    storefront_id: Mapped[str] = mapped_column(Text)


class Credential(Base):
    __tablename__ = "platform_credentials"
    id: Mapped[int] = mapped_column(primary_key=True)
    settings_json: Mapped[Any] = mapped_column(JSON)


class Lane(Base):
    __tablename__ = "relay_lanes"
    lane_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    storefront_id: Mapped[int]
    destination_id: Mapped[int] = mapped_column(ForeignKey("platform_credentials.id"))
    credential: Mapped[Credential] = relationship(lazy="joined")


class Event(Base):
    __tablename__ = "marketing_events"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    event_id: Mapped[str] = mapped_column(Text)
    storefront_id: Mapped[int]
    storefront_code: Mapped[str] = mapped_column(Text)
    event_type: Mapped[str] = mapped_column(Text)
    event_payload: Mapped[str] = mapped_column(Text)
    source_system: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    accepted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    identity: Mapped[str] = mapped_column(Text)
    order_id: Mapped[str] = mapped_column(Text)
    event_time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    dedup_id: Mapped[str] = mapped_column(Text)
    match_keys: Mapped[Any] = mapped_column(JSON)
    private_encrypted: Mapped[str | None] = mapped_column(Text)
    key_id: Mapped[str | None] = mapped_column(Text)


class Delivery(Base):
    __tablename__ = "event_deliveries"
    event: Mapped[int] = mapped_column(ForeignKey("marketing_events.id"), primary_key=True)
    lane_id: Mapped[int] = mapped_column(ForeignKey("relay_lanes.lane_id"), primary_key=True)
    status: Mapped[str] = mapped_column(Text, default="pending")
    reason: Mapped[str | None] = mapped_column(Text)
    try_count: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), default=lambda: datetime.now(UTC)
    )
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lease_token: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    delivered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    what: Mapped[Event] = relationship(lazy="joined", innerjoin=True)
    lane: Mapped[Lane] = relationship(lazy="joined", innerjoin=True)


class Attempt(Base):
    __tablename__ = "event_attempts"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    event: Mapped[int] = mapped_column(BigInteger)
    lane_id: Mapped[int] = mapped_column(BigInteger)
    destination_type: Mapped[str] = mapped_column(Text, default="credential")
    status: Mapped[str] = mapped_column(Text)
    message: Mapped[str | None] = mapped_column(Text)
    http_status: Mapped[int | None]
    duration_ms: Mapped[int]
    batch_size: Mapped[int] = mapped_column(default=1)


class Content(BaseModel):
    id: str
    quantity: int = 1
    price: Decimal | None = None


class Item(BaseModel):
    model_config = ConfigDict(extra="allow")
    storefront_id: str
    event_name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.:-]{0,99}$")]
    event_time: AwareDatetime
    order_id: Annotated[str, Field(min_length=1, max_length=255)]
    order_revenue: Decimal | None = None
    currency: str = "USD"
    user: dict[str, str] = {}
    client: dict[str, str] = {}
    contents: Annotated[list[Content], Field(max_length=200)] = []


class Batch(BaseModel):
    data: Annotated[list[Item], Field(min_length=1, max_length=1_000)]


class Received(BaseModel):
    received: int
    accepted: int
    ids: list[int]


app = FastAPI()
basic = HTTPBasic()


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as own:
        yield own


def authenticated(given: Annotated[HTTPBasicCredentials, Depends(basic)]) -> None:
    expected = os.environ["RELAY_INGEST_USER"], os.environ["RELAY_INGEST_PASSWORD"]
    pairs = zip((given.username, given.password), expected, strict=True)
    if not all(secrets.compare_digest(one.encode(), other.encode()) for one, other in pairs):
        raise HTTPException(401)


@app.post("/v1/events", status_code=202, dependencies=[Depends(authenticated)])
async def receive(batch: Batch, db: Annotated[AsyncSession, Depends(session)]) -> Received:
    """Write the events and their deliveries in one transaction."""
    codes = {item.storefront_id for item in batch.data}
    known = await db.execute(
        select(Storefront.storefront_id, Storefront.id, Lane.lane_id)
        .join(Lane, Lane.storefront_id == Storefront.id)
        .where(Storefront.storefront_id.in_(codes))
    )
    shops: dict[str, int] = {}
    lanes: dict[str, list[int]] = {}
    for code, number, lane_id in known:
        shops[code] = number
        lanes.setdefault(code, []).append(lane_id)
    rows = [row_of(item, shops[item.storefront_id]) for item in batch.data]
    written = await db.execute(
        insert(Event)
        .on_conflict_do_nothing(
            index_elements=["storefront_id", "identity", "event_type"],
            index_where=text("accepted_at IS NOT NULL"),
        )
        .returning(Event.id, Event.storefront_code),
        rows,
    )
    made = written.all()
    deliveries = [{"event": id_, "lane_id": lane} for id_, code in made for lane in lanes[code]]
    if deliveries:
        await db.execute(insert(Delivery), deliveries)
    await db.commit()
    return Received(received=len(rows), accepted=len(made), ids=[id_ for id_, _ in made])


def row_of(item: Item, shop: int) -> dict[str, Any]:
    """The same row as ours: hashes for what is matched, ciphertext for what is sent plain."""
    user = {name: value.strip().lower() for name, value in item.user.items()}
    private = json.dumps({**item.client, "country": user.get("country")}).encode()
    return {
        "event_id": item.order_id,
        "storefront_id": shop,
        "storefront_code": item.storefront_id,
        "event_type": item.event_name,
        "event_payload": item.model_dump_json(exclude={"user", "client"}),
        "source_system": "api",
        "status": "accepted",
        "accepted_at": datetime.now(UTC),
        "identity": item.order_id,
        "order_id": item.order_id,
        "event_time": item.event_time,
        "dedup_id": f"{item.order_id}:{item.event_name}",
        "match_keys": {
            name: hashlib.sha256(value.encode()).hexdigest() for name, value in user.items()
        },
        "private_encrypted": fernet.encrypt(private).decode(),
        "key_id": "k1",
    }


@dataclass(frozen=True, slots=True)
class Outcome:
    delivery: Delivery
    status: int | None
    error: str | None
    milliseconds: int


class Worker:
    """Leases, sends side by side, writes back; again and again."""

    def __init__(self, at_once: int) -> None:
        self.delivered = 0
        self._at_once = at_once
        self._alone = asyncio.Semaphore(at_once)
        limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
        self._client = httpx.AsyncClient(timeout=10, limits=limits, trust_env=False)

    async def run(self, seconds: float) -> None:
        """Work until nothing is due or the time is up."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            claimed = await self._claim(4 * self._at_once)
            if not claimed:
                break
            await self._write(await asyncio.gather(*map(self._send, claimed)))
        await self._client.aclose()

    async def _claim(self, most: int) -> Sequence[Delivery]:
        due = (
            select(Delivery)
            .where(Delivery.status == "pending", Delivery.next_attempt_at <= datetime.now(UTC))
            .order_by(Delivery.next_attempt_at)
            .limit(most)
            .with_for_update(skip_locked=True, of=Delivery)
        )
        async with sessions() as db, db.begin():
            claimed: Sequence[Delivery] = (await db.scalars(due)).all()
            token, until = uuid.uuid4(), datetime.now(UTC) + LEASE
            if claimed:
                await db.execute(
                    update(Delivery),
                    [
                        {
                            "event": each.event,
                            "lane_id": each.lane_id,
                            "lease_token": token,
                            "lease_until": until,
                            "next_attempt_at": until,
                        }
                        for each in claimed
                    ],
                )
        return claimed

    async def _send(self, delivery: Delivery) -> Outcome:
        what = delivery.what
        body = json.dumps(
            {
                "type": what.event_type,
                "timestamp": what.event_time.isoformat(),
                "data": {
                    **json.loads(what.event_payload),
                    "id": what.dedup_id,
                    "order_id": what.order_id,
                    "user": what.match_keys,
                },
            }
        ).encode()
        headers = signed(f"msg_{delivery.event}_{delivery.lane_id}", body)
        url = delivery.lane.credential.settings_json["url"]
        async with self._alone:
            began = time.monotonic()
            try:
                answer = await self._client.post(url, content=body, headers=headers)
                status, error = answer.status_code, None
            except httpx.HTTPError as failure:
                status, error = None, type(failure).__name__
            return Outcome(delivery, status, error, round(1000 * (time.monotonic() - began)))

    async def _write(self, outcomes: Sequence[Outcome]) -> None:
        now = datetime.now(UTC)
        async with sessions() as db, db.begin():
            await db.execute(update(Delivery), [_ended(each, now) for each in outcomes])
            await db.execute(insert(Attempt), [_attempt(each) for each in outcomes])
        self.delivered += sum(each.status == 200 for each in outcomes)


def _ended(outcome: Outcome, now: datetime) -> dict[str, Any]:
    delivery, is_delivered = outcome.delivery, outcome.status == 200
    tries = delivery.try_count + (not is_delivered)
    is_over = is_delivered or tries >= len(WAITS)
    wait = timedelta(seconds=WAITS[min(tries, len(WAITS) - 1)])
    return {
        "event": delivery.event,
        "lane_id": delivery.lane_id,
        "status": "delivered" if is_delivered else "failed" if is_over else "pending",
        "reason": outcome.error,
        "try_count": tries,
        "next_attempt_at": now if is_over else now + wait,
        "delivered_at": now if is_delivered else None,
        "ended_at": now if is_over else None,
        "lease_token": None,
        "lease_until": None,
    }


def _attempt(outcome: Outcome) -> dict[str, Any]:
    return {
        "event": outcome.delivery.event,
        "lane_id": outcome.delivery.lane_id,
        "status": "delivered" if outcome.status == 200 else "outage",
        "message": outcome.error,
        "http_status": outcome.status,
        "duration_ms": outcome.milliseconds,
    }


def signed(message_id: str, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks."""
    moment = str(int(time.time()))
    text_ = f"{message_id}.{moment}.".encode() + body
    signature = base64.b64encode(hmac.new(KEY, text_, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{signature}",
    }
