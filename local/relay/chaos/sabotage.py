"""Breaks a promise on purpose, to show that the ledger notices.

Nothing here runs unless it is asked for by name (`SABOTAGE=… make chaos SYSTEM=relay`). Such a run must
fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from local.chaos import sabotage

UNLUCKY = frozenset("0248ace")
"""Events whose ids end with one of these characters are lost."""


def lose() -> None:
    """Report some events as delivered without sending them, at every try."""
    from chalicelib.relay.delivery.sending import Sender
    from fintegrate.outbox.batches import DELIVERED, Batch, Sent

    send = Sender.send

    def pretending(self: Sender, batch: Batch) -> Sent:
        kept = [row for row in batch.rows if not _is_unlucky(row)]
        if not kept:
            return Sent(batch, [DELIVERED] * len(batch.rows), 1, 200)
        sent = send(self, batch._replace(rows=kept))
        verdicts = iter(sent.verdicts)
        told = [DELIVERED if _is_unlucky(row) else next(verdicts) for row in batch.rows]
        return sent._replace(batch=batch, verdicts=told)

    sabotage.replace(Sender, "send", pretending)


def double() -> None:
    """Send each request twice."""
    from fintegrate.outgoing.client import Pool
    from fintegrate.outgoing.exchange import Request, Result

    send = Pool.send

    def repeating(self: Pool, request: Request) -> Result:
        send(self, request)
        return send(self, request)

    sabotage.replace(Pool, "send", repeating)


def cross() -> None:
    """Send through another storefront's destination of the same kind, once one is known."""
    from chalicelib.relay.delivery.sending import Sender

    destination_of = Sender.destination_of
    known: dict[str, dict[int, Mapping[str, Any]]] = {}

    def confusing(self: Sender, lane: Mapping[str, Any]) -> Any:
        of_adapter = known.setdefault(lane["adapter"], {})
        of_adapter[lane["lane_id"]] = lane
        others = [other for number, other in list(of_adapter.items()) if number != lane["lane_id"]]
        return destination_of(self, others[0] if others else lane)

    sabotage.replace(Sender, "destination_of", confusing)


SABOTAGES: sabotage.Sabotages = {function.__name__: function for function in (lose, double, cross)}
commit = partial(sabotage.commit, SABOTAGES)
"""Apply those that an environment asks for."""


def _is_unlucky(row: Mapping[str, Any]) -> bool:
    return str(row["order_id"])[-1] in UNLUCKY
