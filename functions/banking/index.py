"""Imports every function of banking, service by service: the index to read first.

When an endpoint's module is imported, it registers itself on the blueprint of its service. A service is
imported when a request asks for it, so that a cold start pays for one.
"""

from chalice import Blueprint


def _audit() -> Blueprint:
    from chalicelib.banking.audit import list_audit  # noqa: F401
    from chalicelib.banking.audit.blueprint import audit

    return audit


def _consumer() -> Blueprint:
    from chalicelib.banking.consumer import (  # noqa: F401
        change_consumer,
        change_consumer_status,
        change_format,
        choose_delivery,
        create_api_key,
        create_broker_access,
        create_consumer,
        deactivate_api_key,
        delete_broker_access,
        export_consumer,
        give_up_onboarding,
        list_consumers,
        list_key_uses,
        list_onboardings,
        offboard_consumer,
        onboard_consumer,
        read_api_key,
        read_broker_access,
        read_consumer,
        read_delivery,
        read_export,
        read_integration,
        read_offboarding,
        read_onboarding,
        rotate_delivery,
        take_back_offboarding,
        try_delivery,
    )
    from chalicelib.banking.consumer.blueprint import consumer

    return consumer


def _customer() -> Blueprint:
    from chalicelib.banking.customer import (  # noqa: F401
        add_tags,
        change_status,
        change_tag_key,
        change_tag_value,
        create_customer,
        delete_customer,
        delete_tag,
        erase_customer,
        export_customer,
        list_customers,
        list_erasures,
        list_snapshots,
        read_customer,
        read_tag_value,
        take_snapshot,
    )
    from chalicelib.banking.customer.blueprint import customer

    return customer


def _events() -> Blueprint:
    from chalicelib.banking.events import (  # noqa: F401
        cancel_rewind,
        confirm_delivery,
        list_events,
        list_failures,
        read_event,
        read_health,
        read_lane,
        read_rewind,
        reconcile_events,
        redeliver_events,
        resend_events,
        rewind_events,
        search_events,
        skip_head,
        tail_events,
    )
    from chalicelib.banking.events.blueprint import events

    return events


def _overview() -> Blueprint:
    from chalicelib.banking.overview import read_overview, read_series  # noqa: F401
    from chalicelib.banking.overview.blueprint import overview

    return overview


def _dead_letters() -> Blueprint:
    from chalicelib.banking.dead_letters import (  # noqa: F401
        list_dead_letters,
        read_dead_letter,
        requeue_dead_letters,
        resolve_dead_letters,
    )
    from chalicelib.banking.dead_letters.blueprint import dead_letters

    return dead_letters


def _replay() -> Blueprint:
    from chalicelib.banking.replay import (  # noqa: F401
        change_replay,
        create_replay,
        list_replays,
        read_replay,
    )
    from chalicelib.banking.replay.blueprint import replay

    return replay


def _schedules() -> Blueprint:
    from chalicelib.banking.schedules import (  # noqa: F401
        broker_admin,
        count_usage,
        expire_api_keys,
        observe_broker,
        publish_metrics,
        purge,
        recover,
        run_archive,
        run_export,
        run_offboard,
        run_onboard,
        run_reconcile,
        run_redeliver,
        run_replay,
        run_resend,
        run_rewind,
        run_webhooks,
        sweep_dead_letters,
        watch_restore,
        write_minutes,
    )
    from chalicelib.banking.schedules.blueprint import schedules

    return schedules


SERVICES = {
    "audit": _audit,
    "consumer": _consumer,
    "customer": _customer,
    "dead-letters": _dead_letters,
    "events": _events,
    "overview": _overview,
    "replay": _replay,
    "schedules": _schedules,
}
"""By the first segment of their paths. The schedules have none."""
