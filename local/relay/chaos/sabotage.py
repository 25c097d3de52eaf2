"""Breaks a promise on purpose, to show that the ledger notices.

Nothing here runs unless it is asked for by name (`SABOTAGE=… make chaos SYSTEM=relay`). Such a run must
fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

VARIABLE = "CHAOS_SABOTAGE"
"""The variable with names of `SABOTAGES`, separated by commas, for the processes of a run."""
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

    _replace(Sender, "send", pretending)


def double() -> None:
    """Send each request twice."""
    from fintegrate.outgoing.client import Pool
    from fintegrate.outgoing.exchange import Request, Result

    send = Pool.send

    def repeating(self: Pool, request: Request) -> Result:
        send(self, request)
        return send(self, request)

    _replace(Pool, "send", repeating)


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

    _replace(Sender, "destination_of", confusing)


SABOTAGES: Mapping[str, Callable[[], None]] = {
    function.__name__: function for function in (lose, double, cross)
}


def commit(environment: Mapping[str, str]) -> None:
    """Apply the sabotage that the environment asks for; usually there is none.

    Raises:
        KeyError: there is no sabotage of this name
    """
    for name in filter(None, environment.get(VARIABLE, "").split(",")):
        SABOTAGES[name]()


def _is_unlucky(row: Mapping[str, Any]) -> bool:
    return str(row["order_id"])[-1] in UNLUCKY


def _replace(owner: type, name: str, function: Callable[..., Any]) -> None:
    assert hasattr(owner, name), (
        f"{owner.__name__}.{name} is no more: the sabotage would do nothing"
    )
    setattr(owner, name, function)
