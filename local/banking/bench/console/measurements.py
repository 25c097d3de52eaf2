"""The console's measurement by the name that `ONLY` takes."""

from __future__ import annotations

from local.banking.bench.console.bars import BARS
from local.bench.run import Suite


def suite() -> Suite:
    """It fills a large store, so it runs only when it is named."""
    from local.banking.bench.console import requests, store

    return Suite(store.store, {"console": requests.console}, BARS, frozenset({"console"}))
