"""The functions of app.events that AWS calls by name: those of a schedule, and of a queue."""

from chalicelib.appevents.dm.consume import app_dm
from chalicelib.appevents.machine.consume import app_machine
from chalicelib.appevents.notification.consume import app_notification
from chalicelib.appevents.program.consume import app_program
from chalicelib.appevents.schedules.publish_metrics import app_publish_metrics
from chalicelib.appevents.schedules.run_purge import app_purge
from chalicelib.appevents.schedules.run_remind import app_remind
from chalicelib.appevents.schedules.run_resend import app_resend
from chalicelib.appevents.schedules.run_sweep_dead_letters import app_sweep_dead_letters
from chalicelib.appevents.schedules.run_video_upkeep import app_video_upkeep
from chalicelib.appevents.settings.consume import app_settings
from chalicelib.appevents.settings.rotate_feed_keys import app_rotate_feed_keys
from chalicelib.appevents.video.consume import app_video
from chalicelib.appevents.video.processing.consume import app_processing

__all__ = [
    "app_dm",
    "app_machine",
    "app_notification",
    "app_processing",
    "app_program",
    "app_publish_metrics",
    "app_purge",
    "app_remind",
    "app_resend",
    "app_rotate_feed_keys",
    "app_settings",
    "app_sweep_dead_letters",
    "app_video",
    "app_video_upkeep",
]
