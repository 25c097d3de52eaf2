-- The statements of every request as functions: PL/pgSQL plans a statement once per connection, a
-- statement that is sent as text is planned each time (a tenth of a millisecond and more, and the
-- driver's prepared statements would pin connections of RDS Proxy). docs/decisions/0009.
-- Code that calls them must be rolled back first.
--
-- Rollback:
--   DROP FUNCTION find_api_key(uuid);
--   DROP FUNCTION create_customer(uuid, text, text, text, text);
--   DROP FUNCTION mark_published(uuid);
--   DROP FUNCTION confirm_delivery(uuid, uuid, text, timestamptz, text);

BEGIN;

-- What a request needs to know of its key, in one look; asked on every request.
CREATE OR REPLACE FUNCTION find_api_key(
    key uuid,
    OUT api_key_hash text, OUT api_key_status text, OUT expired boolean,
    OUT consumer_id uuid, OUT consumer_name text, OUT consumer_status text
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT k.api_key_hash, k.api_key_status, k.expires_at <= clock_timestamp(),
           c.consumer_id, c.name, c.status
    INTO api_key_hash, api_key_status, expired, consumer_id, consumer_name, consumer_status
    FROM consumer_api_keys k
    JOIN consumers c ON c.consumer_id = k.consumer_id
    WHERE k.key_id = key;
END
$$;

-- A customer and the event of its creation; the event's row.
CREATE OR REPLACE FUNCTION create_customer(
    of_consumer uuid, with_name text, with_status text, service text, trace text
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
               'source_service', service, 'traceparent', trace)),
           created_at
    FROM customer
    RETURNING * INTO event;
    RETURN event;
END
$$;

-- The broker has confirmed the event. For a transaction of its own, whose commit does not wait for the
-- disk: what a crash of the server takes with it is published once more, and nothing else depends on it.
CREATE OR REPLACE FUNCTION mark_published(event uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE customer_events
    SET publish_status = 'published', published_at = clock_timestamp(),
        publish_last_tried_at = clock_timestamp(), publish_failure_reason = NULL
    WHERE event_id = event AND publish_status = 'pending';
END
$$;

-- What a consumer said of an event: its id, or null when that changed nothing. The receipt is the state
-- machine: processed is final, a failed event may be tried again, the same confirmation again changes
-- nothing, unless the event was sent again since: then it is under way (deliver_status pending), and
-- the same word is news. A confirmation of an event that is still to be published proves that it was:
-- the broker's confirm was lost.
CREATE OR REPLACE FUNCTION confirm_delivery(
    event uuid, of_consumer uuid, said text, at timestamptz, reason text
) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    changed uuid;
BEGIN
    WITH sent AS (
        SELECT event_id, consumer_id, customer_id, event_type, deliver_status
        FROM customer_events
        WHERE event_id = event AND consumer_id = of_consumer
    ), receipt AS (
        INSERT INTO consumer_event_receipts AS stored
            (consumer_id, event_id, customer_id, event_type, received_at, processing_status,
             processing_failure_reason)
        SELECT consumer_id, event_id, customer_id, event_type,
               coalesce(at, clock_timestamp()), said, reason
        FROM sent
        ON CONFLICT ON CONSTRAINT consumer_event_receipts_once DO UPDATE
            SET processing_status = excluded.processing_status,
                processing_failure_reason = excluded.processing_failure_reason,
                received_at = coalesce(at, stored.received_at),
                updated_at = clock_timestamp()
            WHERE stored.processing_status <> 'processed'
              AND (stored.processing_status <> excluded.processing_status
                   OR stored.processing_failure_reason
                      IS DISTINCT FROM excluded.processing_failure_reason
                   OR EXISTS (SELECT FROM sent WHERE deliver_status = 'pending'))
        RETURNING event_id
    )
    UPDATE customer_events AS e
    SET deliver_status = CASE WHEN said = 'failed' THEN 'failed' ELSE 'delivered' END,
        delivered_at = CASE WHEN said = 'failed' THEN NULL
                            ELSE coalesce(e.delivered_at, clock_timestamp()) END,
        deliver_failure_reason = reason,
        publish_status = 'published',
        published_at = coalesce(e.published_at, clock_timestamp()),
        publish_failure_reason = NULL
    FROM receipt
    WHERE e.event_id = receipt.event_id
    RETURNING e.event_id INTO changed;
    RETURN changed;
END
$$;

COMMIT;
