-- A creation's message has its time in UTC, whatever the zone of the session. The function that it replaces
-- is the same but for `utc_text`.
--
-- Rollback:
--   CREATE OR REPLACE FUNCTION create_customer(
--       of_consumer uuid, with_name text, with_status text, service text, trace text,
--       key uuid DEFAULT NULL
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
--                  'source_service', service, 'traceparent', trace, 'key_id', key)),
--              created_at
--       FROM customer
--       RETURNING * INTO event;
--       RETURN event;
--   END
--   $$;

BEGIN;

-- Creates a customer and its event; returns the event's row. `key` is the public id of the API key that
-- asked for it: it stays in the event's metadata and is not sent.
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
               'created_at', utc_text(created_at), 'sequence', event_sequence,
               'source_service', service, 'traceparent', trace, 'key_id', key)),
           created_at
    FROM customer
    RETURNING * INTO event;
    RETURN event;
END
$$;

COMMIT;
