-- additive
-- The id of the request in the metadata of its event, and indexes that find events by it and by the caller's
-- trace. create_customer stays as it is, for code from before.
--
-- Rollback:
--   DROP INDEX customer_events_by_request, customer_events_by_trace;
--   DROP FUNCTION create_customer_and_event(uuid, text, text, text, text, uuid, text);

BEGIN;

-- Whoever sends X-Request-Id chooses it, so it may be that of any number of events: the newest come first.
CREATE INDEX IF NOT EXISTS customer_events_by_request
    ON customer_events (consumer_id, (metadata_json ->> 'request_id'), created_at DESC)
    WHERE metadata_json ? 'request_id';
CREATE INDEX IF NOT EXISTS customer_events_by_trace
    ON customer_events (consumer_id, substr(metadata_json ->> 'traceparent', 4, 32), created_at DESC)
    WHERE metadata_json ? 'traceparent';

-- Creates a customer and its event; returns the event's row. `key` is the public id of the API key that
-- asked for it, `request` the request's id: they stay in the event's metadata and are not sent.
CREATE OR REPLACE FUNCTION create_customer_and_event(
    of_consumer uuid, with_name text, with_status text, service text, trace text, key uuid, request text
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
               'source_service', service, 'traceparent', trace, 'key_id', key,
               'request_id', request)),
           created_at
    FROM customer
    RETURNING * INTO event;
    RETURN event;
END
$$;

COMMIT;
