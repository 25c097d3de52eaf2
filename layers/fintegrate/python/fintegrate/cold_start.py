"""What makes a new process answer sooner, without changing what it answers.

Leaves compiled code to the packaging, and which imports wait for their first use to their modules.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Import inside without garbage collection, and spare what is there then from later ones.

    Imports make many objects, which stay, and next to no garbage: looking for it again and again
    was an eighth of a cold start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
