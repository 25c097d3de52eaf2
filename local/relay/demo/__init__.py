"""`make relay-demo`: three shops send events to all platforms, some of which fail meanwhile.

Uses the checkout's running servers, or starts them for the while. The relay, its database and the
platforms are the demo's own, so that a running `make up` is left as it is.
"""

from __future__ import annotations


def run() -> int:
    """Play the demo; returns 0 when every number adds up, 1 when not, 130 after Ctrl-C."""
    from local.relay.demo.stage import play

    return play()
