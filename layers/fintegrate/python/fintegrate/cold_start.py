"""Makes the cold start shorter.

Leaves compiled code to the packaging. Each module itself defers the imports that can wait.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause garbage collection, and exclude the imported objects from later ones (`gc.freeze`).

    Imports make many lasting objects and almost no garbage. Collections during the imports took an
    eighth of a cold start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
