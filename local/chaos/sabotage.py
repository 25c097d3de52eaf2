"""Breaks promises on purpose in a process of a run, to show that the ledger notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

VARIABLE = "CHAOS_SABOTAGE"
"""The variable with names of a system's sabotages, separated by commas, for the processes of a run."""
Sabotages = Mapping[str, Callable[[], None]]


def named_in(text: str) -> list[str]:
    """The names that such a text holds."""
    return [name for name in text.split(",") if name]


def commit(sabotages: Sabotages, environment: Mapping[str, str]) -> None:
    """Apply those that the environment asks for; usually there is none.

    Raises:
        KeyError: there is no sabotage of this name
    """
    for name in named_in(environment.get(VARIABLE, "")):
        sabotages[name]()


def replace(owner: type, name: str, function: Callable[..., Any]) -> None:
    """Put a function in the place of a class's own."""
    assert hasattr(owner, name), (
        f"{owner.__name__}.{name} is no more: the sabotage would do nothing"
    )
    setattr(owner, name, function)
