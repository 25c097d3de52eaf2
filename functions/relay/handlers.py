"""The relay's functions that AWS calls by name: those of a schedule, and of a queue."""

from chalicelib.relay.schedules.publish_metrics import relay_publish_metrics
from chalicelib.relay.schedules.purge import relay_purge
from chalicelib.relay.schedules.run_deliver import relay_deliver, relay_deliver_nudged
from chalicelib.relay.schedules.run_intake import relay_intake
from chalicelib.relay.schedules.run_reconcile import relay_reconcile
from chalicelib.relay.schedules.run_reencrypt import relay_reencrypt

__all__ = [
    "relay_deliver",
    "relay_deliver_nudged",
    "relay_intake",
    "relay_publish_metrics",
    "relay_purge",
    "relay_reconcile",
    "relay_reencrypt",
]
