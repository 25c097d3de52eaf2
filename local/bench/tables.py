"""Prints tables of figures that can be read at 80 columns, and wider where the terminal is wider.

Rich cuts headings and numbers to fit. Here headings break between words, and the frame goes, before
anything is cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

UNLIMITED = 10_000


def print_table(
    console: Console, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """Print the roomiest layout that fits; the first column holds names, the others numbers."""
    for table in _layouts(console, title, headings, rows):
        if _width(console, table) <= console.width:
            break
    console.print(table)


def _layouts(
    console: Console, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]
) -> Iterator[Table]:
    """Each layout is narrower than the one before; the last also lets the names wrap."""
    longest_words = [
        max(_width(console, word) for cell in column for word in cell.split() or [""])
        for column in zip(headings, *rows, strict=True)
    ]
    longest_words[0] = max(_width(console, cell) for cell in (headings[0], *(r[0] for r in rows)))
    for framed, widths in (
        (True, [None] * len(headings)),
        (True, longest_words),
        (False, longest_words),
        (False, [None, *longest_words[1:]]),
    ):
        table = _table(title, framed)
        for heading, width in zip(headings, widths, strict=True):
            table.add_column(heading, justify="right", width=width, overflow="fold")
        table.columns[0].justify = "left"
        for row in rows:
            table.add_row(*row)
        yield table


def _table(title: str, framed: bool) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    if not framed:
        table.box, table.show_edge, table.pad_edge = box.SIMPLE_HEAD, False, False
        table.collapse_padding = True
    return table


def _width(console: Console, what: str | Table) -> int:
    return console.measure(what, options=console.options.update(width=UNLIMITED)).maximum
