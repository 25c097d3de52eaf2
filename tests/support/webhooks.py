"""A bank that has chosen webhooks, as its admin made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.receiver import Receiver


class Called(NamedTuple):
    """The bank, where it is called, and the secret that signs."""

    bank: Bank
    receiver: Receiver
    secret: str

    def sequences(self) -> Mapping[str, list[int]]:
        """What came, in order: the sequence numbers of each customer."""
        seen: dict[str, list[int]] = {}
        for got in self.receiver.got:
            seen.setdefault(got.data["customer_id"], []).append(got.json["metadata"]["sequence"])
        return seen


def called(admin: Api, bank: Bank, receiver: Receiver, **settings: object) -> Called:
    """Have a bank called at this receiver."""
    chosen = admin.post(
        "/consumer/delivery",
        consumer_id=bank.consumer_id,
        delivery="webhook",
        url=receiver.url,
        **settings,
    )
    assert chosen.status == 200, chosen
    return Called(bank, receiver, chosen.data["secret"])
