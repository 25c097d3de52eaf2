"""`make demo`: a bank is onboarded, customers arrive, the reference consumer confirms.

Uses the checkout's running services (or starts them for the while), and serves its own copy of
the API with the rate limits raised, so that a running `make up` is left as it is.
"""

from __future__ import annotations


def run() -> int:
    """Play the demo; returns 0 when every number adds up, 1 when not, 130 after Ctrl-C."""
    from local.banking.demo.stage import play

    return play()
