-- Keys that overlap in a rotation, and the key in the metadata of a new customer's event.
--
-- Rollback:
--   DROP FUNCTION create_customer(uuid, text, text, text, text, uuid);
--   CREATE FUNCTION create_customer(
--       of_consumer uuid, with_name text, with_status text, service text, trace text
--   ) RETURNS customer_events LANGUAGE plpgsql AS $$
--   DECLARE
--       event customer_events;
--   BEGIN
--       WITH customer AS (
--           INSERT INTO customers (consumer_id, name, status, created_at, updated_at)
--           SELECT of_consumer, with_name, with_status, at, at FROM clock_timestamp() AS at
--           RETURNING *
--       )
--       INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
--                                    payload_json, metadata_json, created_at)
--       SELECT consumer_id, customer_id, event_sequence, 'customer_creation', service,
--              jsonb_build_object('customer_id', customer_id, 'name', name, 'status', status),
--              jsonb_strip_nulls(jsonb_build_object(
--                  'created_at', created_at, 'sequence', event_sequence,
--                  'source_service', service, 'traceparent', trace)),
--              created_at
--       FROM customer
--       RETURNING * INTO event;
--       RETURN event;
--   END
--   $$;
--   UPDATE consumer_api_keys SET api_key_status = 'deactivated'
--   WHERE api_key_status = 'active' AND replaced_at IS NOT NULL;
--   DROP INDEX consumer_api_keys_one_active;
--   CREATE UNIQUE INDEX consumer_api_keys_one_active
--       ON consumer_api_keys (consumer_id) WHERE api_key_status = 'active';
--   ALTER TABLE consumer_api_keys DROP COLUMN replaced_at;

BEGIN;

ALTER TABLE consumer_api_keys ADD COLUMN IF NOT EXISTS replaced_at timestamptz;

-- The code before has no keys with replaced_at, so the index means the same to it.
DROP INDEX IF EXISTS consumer_api_keys_one_active;
CREATE UNIQUE INDEX consumer_api_keys_one_active
    ON consumer_api_keys (consumer_id, (replaced_at IS NULL)) WHERE api_key_status = 'active';

-- One function with a default instead of two: the code before calls it with five arguments.
DROP FUNCTION IF EXISTS create_customer(uuid, text, text, text, text);
CREATE OR REPLACE FUNCTION create_customer(
    of_consumer uuid, with_name text, with_status text, service text, trace text,
    key uuid DEFAULT NULL
) RETURNS customer_events LANGUAGE plpgsql AS $$
DECLARE
    event customer_events;
BEGIN
    WITH customer AS (
        INSERT INTO customers (consumer_id, name, status, created_at, updated_at)
        SELECT of_consumer, with_name, with_status, at, at FROM clock_timestamp() AS at
        RETURNING *
    )
    INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                                 payload_json, metadata_json, created_at)
    SELECT consumer_id, customer_id, event_sequence, 'customer_creation', service,
           jsonb_build_object('customer_id', customer_id, 'name', name, 'status', status),
           jsonb_strip_nulls(jsonb_build_object(
               'created_at', created_at, 'sequence', event_sequence,
               'source_service', service, 'traceparent', trace, 'key_id', key)),
           created_at
    FROM customer
    RETURNING * INTO event;
    RETURN event;
END
$$;

COMMIT;
