"""`make app-demo`: two users of the app, from a clip that is uploaded to what is said about it.

Uses the checkout's running servers, or starts them for the while. The functions, their databases and
their virtual host are the demo's own, so that a running `make up` is left as it is.
"""

from __future__ import annotations


def run() -> int:
    """Play the demo; returns 0 when every number adds up, 1 when not, 130 after Ctrl-C."""
    from local.appevents.demo.stage import play

    return play()
