"""The relay's functions that AWS calls by name: those of a schedule, and of a queue."""

from chalicelib.relay.schedules.run_deliver import relay_deliver, relay_deliver_nudged
from chalicelib.relay.schedules.run_intake import relay_intake

__all__ = ["relay_deliver", "relay_deliver_nudged", "relay_intake"]
