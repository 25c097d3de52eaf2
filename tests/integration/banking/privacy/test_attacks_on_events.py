"""Who acts as the functions' user changes no event, erased or not, except by erasing."""

from __future__ import annotations

import psycopg2
import pytest

from tests.integration.banking.privacy.people import known_customer, where
from tests.integration.banking.privacy.test_erasing_customers import erase, events_of
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.schemas import run

ERASED = (
    "UPDATE customer_events SET payload_json = erased_facts(payload_json) WHERE customer_id = '{0}'"
)
BEGUN = (
    "INSERT INTO erasures (customer_id, consumer_id, reason, key_id, request_id)"
    " SELECT customer_id, consumer_id, 'mine', consumer_id, 'mine' FROM customer_events"
    " WHERE customer_id = '{0}' LIMIT 1;"
)
GONE = "DELETE FROM customers WHERE customer_id = '{0}';"
SHADOW = "SET search_path = pg_temp, public;"
AS_THE_FUNCTIONS = [
    ERASED,
    BEGUN + ERASED,
    "SET ROLE fintegrate_app;" + BEGUN + ERASED,
    SHADOW + BEGUN + ERASED,
    BEGUN + "UPDATE customer_events SET payload_json = '{{}}' WHERE customer_id = '{0}'",
    "SELECT set_config('fintegrate.erasing', '{0}', true);" + BEGUN + ERASED,
    BEGUN + GONE + ERASED,
    BEGUN
    + "INSERT INTO customer_events SELECT * FROM customer_events WHERE customer_id = '{0}'"
    + " ON CONFLICT (event_id) DO UPDATE SET payload_json = erased_facts(excluded.payload_json)",
]
NOT_BEGUN = [
    "SELECT erase_events((SELECT consumer_id FROM customers WHERE customer_id = '{0}'), '{0}', 100)",
    BEGUN + "SELECT erase_events((SELECT consumer_id FROM customers LIMIT 1), '{0}', 100)",
    GONE + "SELECT erase_events((SELECT consumer_id FROM customer_events LIMIT 1), '{0}', 100)",
]
AS_THE_OWNER = [
    ERASED,
    BEGUN + "UPDATE customer_events SET payload_json = '{{}}' WHERE customer_id = '{0}'",
    BEGUN
    + "UPDATE customer_events SET payload_json = erased_facts(payload_json), sequence = 9"
    + " WHERE customer_id = '{0}' AND sequence = 1",
    BEGUN
    + "UPDATE customer_events SET payload_json = erased_facts(payload_json), source_service = 'x'"
    + " WHERE customer_id = '{0}'",
    BEGUN + "UPDATE customer_events SET metadata_json = '{{}}' WHERE customer_id = '{0}'",
    BEGUN + "DELETE FROM customer_events WHERE customer_id = '{0}'",
]
TRAIL = [
    "DELETE FROM erasures",
    "TRUNCATE erasures",
    "UPDATE erasures SET reason = 'nobody asked'",
    "UPDATE erasures SET begun_at = now()",
    "UPDATE erasures SET key_id = gen_random_uuid()",
    "UPDATE customer_analytics SET tags_json = '{}'",
    "UPDATE dead_letters SET body = ''",
    "UPDATE event_attempts SET words = ''",
    "CREATE OR REPLACE FUNCTION erased_facts(jsonb) RETURNS jsonb LANGUAGE sql AS 'SELECT $1'",
    "ALTER FUNCTION erase_events(uuid, uuid, integer) SECURITY INVOKER",
]


@pytest.mark.parametrize("attack", AS_THE_FUNCTIONS)
def test_functions_user_changes_no_event(
    bank: Bank, environment: dict[str, str], query: Query, attack: str
) -> None:
    customer_id = known_customer(bank)
    before = events_of(query, customer_id)

    with pytest.raises(psycopg2.errors.RestrictViolation, match="append-only"):
        run(environment["DATABASE_URL"], attack.format(customer_id))

    assert events_of(query, customer_id) == before


@pytest.mark.parametrize("attack", NOT_BEGUN)
def test_erasing_needs_an_erasure(
    bank: Bank, environment: dict[str, str], query: Query, attack: str
) -> None:
    customer_id = known_customer(bank)
    before = events_of(query, customer_id)

    with pytest.raises(psycopg2.errors.RestrictViolation, match="no erasure"):
        run(environment["DATABASE_URL"], attack.format(customer_id))

    assert events_of(query, customer_id) == before


@pytest.mark.parametrize("attack", AS_THE_OWNER)
def test_owner_changes_nothing_else(
    bank: Bank, environment: dict[str, str], query: Query, attack: str
) -> None:
    customer_id = known_customer(bank)
    before = events_of(query, customer_id)

    with pytest.raises(psycopg2.errors.RestrictViolation, match="append-only"):
        run(environment["DATABASE_OWNER_URL"], attack.format(customer_id))

    assert events_of(query, customer_id) == before


@pytest.mark.parametrize("attack", TRAIL)
def test_trail_of_an_erasure_stays(bank: Bank, environment: dict[str, str], attack: str) -> None:
    erase(bank, known_customer(bank))

    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        run(environment["DATABASE_URL"], attack)


def test_erased_events_are_append_only(
    bank: Bank, environment: dict[str, str], query: Query
) -> None:
    customer_id = known_customer(bank)
    erase(bank, customer_id)
    back = (
        'UPDATE customer_events SET payload_json = payload_json || \'{{"name": "Ottilie"}}\''
        " WHERE customer_id = '{0}'"
    )

    for user in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        with pytest.raises(psycopg2.errors.RestrictViolation, match="append-only"):
            run(environment[user], back.format(customer_id))


def test_only_the_functions_may_erase(environment: dict[str, str], database_url: str) -> None:
    """Nobody else who enters the database may."""
    ((granted,),) = run(
        database_url, "SELECT proacl::text FROM pg_proc WHERE proname = 'erase_events'"
    )
    owner = "fintegrate_owner" if "fintegrate_owner" in str(granted) else "postgres"
    holders = {entry.partition("=")[0] for entry in str(granted).strip("{}").split(",")}

    assert holders <= {owner, "fintegrate_app"}
    assert "fintegrate_app" in holders
    assert where(database_url) == []
