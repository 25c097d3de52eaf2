"""The console's measurements by the names that `ONLY` takes."""

from __future__ import annotations

from local.banking.bench.console.bars import BARS
from local.bench.run import Suite


def suite() -> Suite:
    """They fill a large store, so they run only when they are named."""
    from local.banking.bench.console import page, requests, store

    measurements = {"console": requests.console, "console_page": page.console_page}
    return Suite(store.store, measurements, BARS, frozenset(measurements))
