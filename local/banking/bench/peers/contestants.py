"""The relays that drain the backlog."""

from __future__ import annotations

from pathlib import Path

from local.bench.peers.contestants import Contestant

FOLDER = Path(__file__).parent


def alone(peers_python: str) -> list[Contestant]:
    """One instance of each relay; the ceiling comes first."""
    return [
        Contestant("raw pika: the ceiling", FOLDER / "relay_raw.py"),
        Contestant("Fintegrate resend", FOLDER / "relay_ours.py"),
        Contestant("faststream-outbox, 8 workers", FOLDER / "relay_faststream.py", peers_python, 8),
        Contestant("faststream-outbox, 1 worker", FOLDER / "relay_faststream.py", peers_python, 1),
        Contestant("naive relay", FOLDER / "relay_naive.py"),
    ]


def in_pairs(peers_python: str) -> list[Contestant]:
    """Two instances of each relay at once, as in a service with two replicas."""
    return [
        Contestant("Fintegrate resend", FOLDER / "relay_ours.py", instances=2),
        Contestant(
            "faststream-outbox, 1 worker", FOLDER / "relay_faststream.py", peers_python, instances=2
        ),
        Contestant("naive relay", FOLDER / "relay_naive.py", instances=2),
    ]
