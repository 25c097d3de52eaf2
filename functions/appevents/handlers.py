"""The functions of app.events that AWS calls by name: those of a schedule, and of a queue.

Each is imported when it is asked for: the cold start of one does not pay for the other services.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from fintegrate.cold_start import uncollected

PLACES: Mapping[str, str] = MappingProxyType(
    {
        "app_dm": "dm.consume",
        "app_machine": "machine.consume",
        "app_notification": "notification.consume",
        "app_processing": "video.processing.consume",
        "app_program": "program.consume",
        "app_publish_metrics": "schedules.publish_metrics",
        "app_purge": "schedules.run_purge",
        "app_remind": "schedules.run_remind",
        "app_resend": "schedules.run_resend",
        "app_rotate_feed_keys": "settings.rotate_feed_keys",
        "app_settings": "settings.consume",
        "app_sweep_dead_letters": "schedules.run_sweep_dead_letters",
        "app_video": "video.consume",
        "app_video_upkeep": "schedules.run_video_upkeep",
    }
)
"""The module of each function, in this package."""


def __getattr__(name: str) -> Any:
    """The function of this name (PEP 562)."""
    place = PLACES.get(name)
    if place is None:
        raise AttributeError(f"{__name__} has no function {name}")
    with uncollected():
        return getattr(import_module(f"chalicelib.appevents.{place}"), name)
