"""What the demo of any system needs: numbers that may be chosen, servers for the while, its end."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from rich.console import Console

from local.machine.checkout import Checkout
from local.services.installation import Installation, install

C = TypeVar("C")


class WrongChoice(Exception):
    """A choice in the environment makes no sense; the text says which."""


def number(environment: Mapping[str, str], name: str, default: int, most: int = 1_000_000) -> int:
    """A whole number that may be chosen.

    Raises:
        WrongChoice: it is no such number
    """
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= most):
        raise WrongChoice(f"{name} must be a whole number from 1 to {most}, got {text!r}")
    return int(text)


def play(
    read_choices: Callable[[Mapping[str, str]], C],
    perform: Callable[[Console, C, Installation], int],
    *explained: type[Exception],
) -> int:
    """Play a demo on the terminal; returns its exit status.

    Args:
        explained: errors whose text says enough
    """
    told: tuple[type[Exception], ...] = (WrongChoice, *explained)
    console = Console()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # takes all down, as Ctrl-C does
    try:
        choices = read_choices(os.environ)
        console.print("starting what is needed …")
        installation = install(Checkout(), keep=False)
        with installation.services:
            return perform(console, choices, installation)
    except KeyboardInterrupt:
        console.print("stopped before the end")
        return 130
    except told as error:
        console.print(str(error), style="red", markup=False)
        return 1


def close(
    console: Console,
    problems: Sequence[str],
    praise: str,
    next_steps: Iterable[tuple[str, str]],
) -> int:
    """Say whether everything adds up, and what to try next; returns the exit status.

    Args:
        praise: what it means that it does
        next_steps: commands, each with what it is for
    """
    for problem in problems:
        console.print(f"does not add up: {problem}", style="red", markup=False, soft_wrap=True)
    if not problems:
        console.print(f"everything adds up: {praise}", highlight=False, soft_wrap=True)
    console.print("\nWhat to try next:")
    for command, purpose in next_steps:
        console.print(f"  {command}   # {purpose}", highlight=False, soft_wrap=True)
    return 1 if problems else 0
