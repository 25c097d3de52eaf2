"""Breaks a promise on purpose, to show that the ledger notices.

Nothing here runs unless it is asked for by name (`SABOTAGE=… make chaos SYSTEM=appevents`). Such a run
must fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from local.chaos import sabotage

UNLUCKY = frozenset("02468ace")
"""Messages whose ids end with one of these characters are lost, or come again."""


def ack_first() -> None:
    """Let a queue's function take some messages for settled before it has acted on them, and die."""
    from fintegrate.messaging import queue_function

    def losing(entries: Callable[..., Any]) -> Callable[..., Any]:
        return lambda event: [
            each for each in entries(event) if not _is_unlucky(each[1]["basicProperties"])
        ]

    _wrap(queue_function, "_entries", losing)


def no_keys() -> None:
    """Let a service act on every message, also on one whose key is there."""
    from fintegrate.messaging.inbox import _Batch

    def blind(take: Callable[..., bool]) -> Callable[..., bool]:
        return lambda self, delivery, outcome: take(self, delivery, outcome) or True

    _wrap(_Batch, "_take", blind)


def overtake() -> None:
    """Publish a user's events in the wrong order."""
    from fintegrate.outbox.outbox import Outbox

    _wrap(Outbox, "_parted", lambda _: lambda _self, rows: (list(reversed(rows)), []))


def leak() -> None:
    """Show a feed to whoever has ever had access, or none."""
    from chalicelib.appevents.video import feed_access, list_owner_feed

    for module in (feed_access, list_owner_feed):
        _wrap(module, "check_feed", lambda _: lambda *_: None)


SABOTAGES: sabotage.Sabotages = {
    function.__name__: function for function in (ack_first, no_keys, overtake, leak)
}
commit = partial(sabotage.commit, SABOTAGES)
"""Apply those that an environment asks for."""


def _is_unlucky(properties: Mapping[str, Any]) -> bool:
    return str(properties.get("messageId"))[-1] in UNLUCKY


def _wrap(
    owner: Any, name: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> None:
    assert hasattr(owner, name), f"{owner}.{name} is no more: the sabotage would do nothing"
    setattr(owner, name, around(getattr(owner, name)))
