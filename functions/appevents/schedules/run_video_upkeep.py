"""Every hour: ends what nobody completed or processed, and removes files and grants of no use."""

from __future__ import annotations

import time
from typing import Any

from chalice import Rate

from chalicelib.appevents.schedules.blueprint import schedules
from chalicelib.appevents.video.object_store import bucket_of
from chalicelib.appevents.video.upkeep import (
    expire_uploads,
    forget_grants,
    give_up_videos,
    remove_media,
    remove_originals,
)
from chalicelib.appevents.wiring import parts, scheduled


@schedules.schedule(Rate(1, unit=Rate.HOURS), name="app_video_upkeep")
@scheduled
def app_video_upkeep(_event: Any) -> dict[str, Any]:
    """Expire first: what expires now goes now. What users deleted goes before what is only old."""
    own = parts()
    database, bucket = own.service("video").request.database, bucket_of(own.settings)
    deadline = time.monotonic() + own.settings.app_sweep_seconds
    return {
        "expired": expire_uploads(database),
        "given_up": give_up_videos(database),
        "posts": remove_media(bucket, database, deadline),
        "removed": remove_originals(bucket, database, deadline),
        "grants": forget_grants(database),
    }
