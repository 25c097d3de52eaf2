"""The functions of app.events that AWS calls by name: those of a schedule, and of a queue."""

from chalicelib.appevents.machine.consume import app_machine
from chalicelib.appevents.notification.consume import app_notification
from chalicelib.appevents.schedules.publish_metrics import app_publish_metrics
from chalicelib.appevents.schedules.run_resend import app_resend

__all__ = [
    "app_machine",
    "app_notification",
    "app_publish_metrics",
    "app_resend",
]
