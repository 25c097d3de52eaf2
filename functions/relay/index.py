"""Imports every function of the relay, service by service: the index to read first.

A service is imported when a request asks for it, so that a cold start pays for one.
"""

from chalice import Blueprint


def _v1() -> Blueprint:
    from chalicelib.relay.ingest import receive_events  # noqa: F401
    from chalicelib.relay.ingest.blueprint import ingest

    return ingest


def _admin() -> Blueprint:
    from chalicelib.relay.checks import (  # noqa: F401
        probe_lane,
        try_credential,
        try_sgtm_config,
    )
    from chalicelib.relay.destinations import (  # noqa: F401
        change_credential,
        change_platform,
        change_sgtm_config,
        change_storefront,
        create_credential,
        create_platform,
        create_sgtm_config,
        create_storefront,
        delete_credential,
        delete_platform,
        delete_sgtm_config,
        delete_storefront,
        list_credentials,
        list_platforms,
        list_sgtm_configs,
        list_storefronts,
        read_credential,
        read_platform,
        read_sgtm_config,
        read_storefront,
    )
    from chalicelib.relay.destinations.blueprint import admin
    from chalicelib.relay.events import list_events, read_event  # noqa: F401
    from chalicelib.relay.keys import reencrypt_credentials  # noqa: F401
    from chalicelib.relay.lanes import change_lane, list_lanes  # noqa: F401
    from chalicelib.relay.ledger import read_health, reconcile_deliveries  # noqa: F401
    from chalicelib.relay.privacy import erase_person  # noqa: F401
    from chalicelib.relay.replay import give_up_deliveries, replay_deliveries  # noqa: F401

    return admin


def _relay() -> Blueprint:
    from chalicelib.relay.console import (  # noqa: F401
        list_audit,
        list_events,
        list_failures,
        read_event,
        read_overview,
        search_events,
    )
    from chalicelib.relay.console.blueprint import console

    return console


def _schedules() -> Blueprint:
    from chalicelib.relay.schedules import (  # noqa: F401
        publish_metrics,
        purge,
        run_deliver,
        run_intake,
        run_reconcile,
        run_reencrypt,
    )
    from chalicelib.relay.schedules.blueprint import schedules

    return schedules


SERVICES = {"v1": _v1, "admin": _admin, "relay": _relay, "schedules": _schedules}
"""By the first segment of their paths. The schedules have none."""
