"""What the consumer shows: one line per message, and what it waits for.

Lines name events and customers by id only: a name is a customer's data, a key is a secret.
"""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

from local.banking.consumer.messages import Event


class Reporter:
    """Lines on standard output, in colour on a terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True, markup=False)

    def message(self, event: Event, words: str, style: str = "") -> None:
        """The one line about a message."""
        self._line(
            f"{event.event_type} #{event.sequence} customer {event.customer_id}"
            f" event {event.event_id}: {words}",
            style,
        )

    def note(self, words: str) -> None:
        """Something that happened to the program rather than to a message."""
        self._line(words, "dim")

    def warn(self, words: str) -> None:
        """Something that somebody should act on."""
        self._line(f"warning: {words}", "yellow")

    def _line(self, words: str, style: str) -> None:
        clock = datetime.now(UTC).strftime("%H:%M:%S.%f")[:-3]
        self._console.print(f"{clock} {words}", style=style)
