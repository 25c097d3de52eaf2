"""Every function of the system, by import: the index to read first.

An endpoint's module registers itself on the blueprint of its service when it is imported here.
"""

from chalicelib.consumer import create_api_key, create_consumer
from chalicelib.consumer.blueprint import consumer
from chalicelib.customer import create_customer, read_customer
from chalicelib.customer.blueprint import customer
from chalicelib.events import confirm_delivery
from chalicelib.events.blueprint import events
from chalicelib.operations import health, migrate
from chalicelib.operations.blueprint import operations
from chalicelib.schedules import resend
from chalicelib.schedules.blueprint import schedules

MODULES = (
    create_customer,
    read_customer,
    create_consumer,
    create_api_key,
    confirm_delivery,
    health,
    migrate,
    resend,
)
BLUEPRINTS = (customer, consumer, events, operations, schedules)
