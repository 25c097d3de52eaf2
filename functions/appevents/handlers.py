"""The functions of app.events that AWS calls by name: those of a schedule, and of a queue."""

from chalicelib.appevents.machine.consume import app_machine
from chalicelib.appevents.notification.consume import app_notification
from chalicelib.appevents.schedules.run_resend import app_resend
from chalicelib.appevents.schedules.run_video_upkeep import app_video_upkeep
from chalicelib.appevents.video.consume import app_video
from chalicelib.appevents.video.processing.consume import app_processing

__all__ = [
    "app_machine",
    "app_notification",
    "app_processing",
    "app_resend",
    "app_video",
    "app_video_upkeep",
]
