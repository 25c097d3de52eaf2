"""The functions of app.events that AWS calls by name: those of a schedule, and of a queue."""

from chalicelib.appevents.machine.consume import app_machine
from chalicelib.appevents.notification.consume import app_notification
from chalicelib.appevents.schedules.run_purge import app_purge
from chalicelib.appevents.schedules.run_resend import app_resend
from chalicelib.appevents.schedules.run_sweep_dead_letters import app_sweep_dead_letters

__all__ = [
    "app_machine",
    "app_notification",
    "app_purge",
    "app_resend",
    "app_sweep_dead_letters",
]
