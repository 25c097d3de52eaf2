"""Banking's functions that AWS calls by name: those of a schedule, and of a queue.

Chalice writes `<blueprint's name>.<function's name>` into the template. A blueprint here has functions
in many modules, so the blueprint of the scheduled functions is named after this module.
"""

from chalicelib.banking.schedules.broker_admin import broker_admin
from chalicelib.banking.schedules.count_usage import count_usage
from chalicelib.banking.schedules.expire_api_keys import expire_api_keys
from chalicelib.banking.schedules.observe_broker import observe_broker
from chalicelib.banking.schedules.publish_metrics import publish_metrics
from chalicelib.banking.schedules.purge import purge
from chalicelib.banking.schedules.recover import recover
from chalicelib.banking.schedules.run_archive import archive
from chalicelib.banking.schedules.run_export import export
from chalicelib.banking.schedules.run_offboard import offboard
from chalicelib.banking.schedules.run_onboard import onboard
from chalicelib.banking.schedules.run_reconcile import reconcile
from chalicelib.banking.schedules.run_redeliver import redeliver
from chalicelib.banking.schedules.run_replay import replay, replay_nudged
from chalicelib.banking.schedules.run_resend import resend
from chalicelib.banking.schedules.run_rewind import rewind
from chalicelib.banking.schedules.run_webhooks import deliver_webhooks, deliver_webhooks_nudged
from chalicelib.banking.schedules.sweep_dead_letters import sweep_dead_letters
from chalicelib.banking.schedules.watch_restore import watch_restore
from chalicelib.banking.schedules.write_minutes import write_minutes

__all__ = [
    "archive",
    "broker_admin",
    "count_usage",
    "deliver_webhooks",
    "deliver_webhooks_nudged",
    "expire_api_keys",
    "export",
    "observe_broker",
    "offboard",
    "onboard",
    "publish_metrics",
    "purge",
    "reconcile",
    "recover",
    "redeliver",
    "replay",
    "replay_nudged",
    "resend",
    "rewind",
    "sweep_dead_letters",
    "watch_restore",
    "write_minutes",
]
