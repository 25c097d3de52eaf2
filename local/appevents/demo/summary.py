"""The closing table: the accounts of each service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from local.machine.tables import print_table

SUMS = ("accepted", "processed", "rejected", "under_way")
_HEADINGS = ("service", *(name.replace("_", " ") for name in SUMS), "dead letters", "ended")


def print_accounts(console: Console, accounts: Sequence[Mapping[str, Any]]) -> None:
    """Accepted = processed + rejected + under way; `ended` also has what came straight."""
    names = (*SUMS, "dead_letters", "keys")
    rows = [[own["service"], *(str(own[name]) for name in names)] for own in accounts]
    rows.append(["all", *(str(sum(own[name] or 0 for own in accounts)) for name in names)])
    console.print()
    print_table(console, "What became of the events", _HEADINGS, rows)
    accepted, *parts = (sum(own[name] for own in accounts) for name in SUMS)
    processed, rejected, under_way = parts
    console.print(
        f"accepted {accepted} = processed {processed} + rejected {rejected} + under way {under_way}",
        highlight=False,
        soft_wrap=True,
    )
