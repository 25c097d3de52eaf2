"""The reference consumer: the bank's side of Fintegrate as a real program.

Read it as the example for an integration of your own: `processing` holds the rules, `inbox`
what must commit together, `worker` the broker.
"""

from __future__ import annotations


def main(argv: list[str]) -> int:
    """Run `python -m local.banking.consumer NAME [options]` and return its exit status."""
    from local.banking.consumer.cli import run

    return run(argv)
