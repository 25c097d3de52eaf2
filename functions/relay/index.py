"""Imports every function of the relay, service by service: the index to read first.

A service is imported when a request asks for it, so that a cold start pays for one.
"""

from chalice import Blueprint


def _v1() -> Blueprint:
    from chalicelib.relay.ingest import receive_events  # noqa: F401
    from chalicelib.relay.ingest.blueprint import ingest

    return ingest


def _admin() -> Blueprint:
    from chalicelib.relay.destinations import (  # noqa: F401
        change_storefront,
        create_credential,
        create_storefront,
        delete_storefront,
        list_storefronts,
        read_storefront,
    )
    from chalicelib.relay.destinations.blueprint import admin
    from chalicelib.relay.events import read_event  # noqa: F401
    from chalicelib.relay.lanes import change_lane, list_lanes  # noqa: F401

    return admin


def _schedules() -> Blueprint:
    from chalicelib.relay.schedules import run_deliver, run_intake  # noqa: F401
    from chalicelib.relay.schedules.blueprint import schedules

    return schedules


SERVICES = {"v1": _v1, "admin": _admin, "schedules": _schedules}
"""By the first segment of their paths. The schedules have none."""
