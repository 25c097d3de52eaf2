"""The API's answers, told apart by what they mean for the message."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from local.banking.consumer.confirmations import (
    LONGEST_WAIT_SECONDS,
    ApiUnavailable,
    Confirmation,
    ConfirmationClient,
    ConfirmationRefused,
    KeyRefused,
    TooManyRequests,
)
from local.banking.consumer.messages import Event
from local.banking.consumer.settings import Settings
from tests.integration.local.banking_consumer.fake_api import FakeApi, running_fake_api

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EVENT = Event(str(uuid4()), "customer_creation", str(uuid4()), 1, NOW, traceparent="00-1-2-01")


@pytest.fixture
def client(api: FakeApi) -> Iterator[ConfirmationClient]:
    with ConfirmationClient(Settings(api.base_url, "fk_a_b", "amqp://")) as opened:
        yield opened


def test_confirmation_says_what_the_contract_asks(api: FakeApi, client: ConfirmationClient) -> None:
    client.confirm(Confirmation(EVENT, "failed", NOW, "no such branch"))
    assert api.requests == [
        {
            "path": "/events/confirm-delivery",
            "event_id": EVENT.event_id,
            "status": "failed",
            "received_at": "2026-01-02T03:04:05+00:00",
            "failure_reason": "no such branch",
        }
    ]
    assert api.headers[0]["x-api-key"] == "fk_a_b"
    assert api.headers[0]["traceparent"] == "00-1-2-01"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, KeyRefused),
        (403, KeyRefused),
        (404, ConfirmationRefused),
        (409, ConfirmationRefused),
        (422, ConfirmationRefused),
        (500, ApiUnavailable),
        (503, ApiUnavailable),
    ],
)
def test_each_answer_has_its_meaning(
    api: FakeApi, client: ConfirmationClient, status: int, error: type[Exception]
) -> None:
    api.answers = [(status, {})]
    with pytest.raises(error, match=f"{status}: scripted {status}"):
        client.confirm(Confirmation(EVENT, "processed", NOW))


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0"}, 0.1),
        ({"Retry-After": "99999"}, LONGEST_WAIT_SECONDS),
        ({"Retry-After": "Fri, 02 Jan 2026 03:04:05 GMT"}, 1.0),
        ({}, 1.0),
    ],
)
def test_retry_after_is_read(
    api: FakeApi, client: ConfirmationClient, retry_after: dict[str, str], seconds: float
) -> None:
    api.answers = [(429, retry_after)]
    with pytest.raises(TooManyRequests) as caught:
        client.confirm(Confirmation(EVENT, "processed", NOW))
    assert caught.value.retry_after_seconds == seconds


def test_nobody_there_is_unavailable() -> None:
    with running_fake_api() as api:
        settings = Settings(api.base_url, "fk_a_b", "amqp://")
    with ConfirmationClient(settings) as client, pytest.raises(ApiUnavailable):
        client.confirm(Confirmation(EVENT, "processed", NOW))
