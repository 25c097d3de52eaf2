"""The relay's functions that AWS calls by name: those of a schedule, and of a queue."""

from chalicelib.relay.schedules.run_deliver import relay_deliver, relay_deliver_nudged

__all__ = ["relay_deliver", "relay_deliver_nudged"]
