"""The adapters: one small module a platform, pure functions only. Each has the shape of `Adapter`.

A platform's module is imported when its first event is due, by `adapter_of`.
"""

from functools import cache
from importlib import import_module
from typing import cast

from chalicelib.relay.delivery.shapes import Adapter

ADAPTERS = ("sgtm", "meta", "ga4", "tiktok", "pinterest", "snapchat", "webhook")


@cache
def adapter_of(name: str) -> Adapter:
    """The adapter of this name.

    Raises:
        KeyError: there is none.
    """
    if name not in ADAPTERS:
        raise KeyError(name)
    return cast("Adapter", import_module(f"{__name__}.{name}"))
