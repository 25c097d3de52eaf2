"""Every function of the system, by import: the index to read first.

An endpoint's module registers itself on the blueprint of its service when it is imported here.
"""

from chalicelib.banking.consumer import (
    change_consumer_status,
    create_api_key,
    create_consumer,
    deactivate_api_key,
    list_consumers,
    read_api_key,
    read_consumer,
)
from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.customer import (
    add_tags,
    change_status,
    change_tag_key,
    change_tag_value,
    create_customer,
    delete_customer,
    delete_tag,
    list_customers,
    list_snapshots,
    read_customer,
    read_tag_value,
    take_snapshot,
)
from chalicelib.banking.customer.blueprint import customer
from chalicelib.banking.events import (
    confirm_delivery,
    list_events,
    read_event,
    read_health,
    reconcile_events,
    redeliver_events,
    resend_events,
    skip_head,
)
from chalicelib.banking.events.blueprint import events
from chalicelib.banking.schedules import (
    expire_api_keys,
    publish_metrics,
    purge,
    reconcile,
    redeliver,
    resend,
    sweep_dead_letters,
)
from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.operations import health, migrate, read_docs, read_metrics, read_openapi
from chalicelib.operations.blueprint import operations

MODULES = (
    create_customer,
    read_customer,
    delete_customer,
    change_status,
    list_customers,
    add_tags,
    read_tag_value,
    delete_tag,
    change_tag_key,
    change_tag_value,
    take_snapshot,
    list_snapshots,
    create_consumer,
    read_consumer,
    list_consumers,
    change_consumer_status,
    create_api_key,
    read_api_key,
    deactivate_api_key,
    confirm_delivery,
    resend_events,
    redeliver_events,
    skip_head,
    read_health,
    reconcile_events,
    read_event,
    list_events,
    health,
    migrate,
    read_metrics,
    read_openapi,
    read_docs,
    resend,
    redeliver,
    sweep_dead_letters,
    expire_api_keys,
    purge,
    publish_metrics,
    reconcile,
)
BLUEPRINTS = (customer, consumer, events, operations, schedules)
