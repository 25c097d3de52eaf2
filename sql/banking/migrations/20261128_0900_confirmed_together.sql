-- additive
-- Confirmations of many events in one statement, for banks that are called: each answer of theirs confirms one.
--
-- Rollback:
--   DROP FUNCTION confirm_deliveries(uuid[], uuid[], text[]);

BEGIN;

-- What confirm_delivery does, for many events at once, each once, of which a bank says no words: they are received or
-- processed. Returns those that changed. A request's one event is faster by itself, so that function stays; a test
-- compares what both do of every state. Here the last try is the confirmation's where nothing else has proved that the
-- event was sent. Locks all receipts, in one order, and then the events.
CREATE OR REPLACE FUNCTION confirm_deliveries(events uuid[], of_consumers uuid[], statuses text[])
RETURNS SETOF uuid LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    WITH sent AS (
        SELECT e.event_id, e.consumer_id, e.customer_id, e.event_type, e.created_at, e.deliver_status,
               e.deliver_last_tried_at, told.status
        FROM unnest(events, of_consumers, statuses) AS told (event_id, consumer_id, status)
        JOIN customer_events e ON e.event_id = told.event_id AND e.consumer_id = told.consumer_id
        WHERE told.status IN ('received', 'processed')
    ), receipt AS (
        INSERT INTO consumer_event_receipts AS stored
            (consumer_id, event_id, customer_id, event_type, event_created_at, processing_status)
        SELECT s.consumer_id, s.event_id, s.customer_id, s.event_type, s.created_at, s.status
        FROM sent s
        ORDER BY s.event_id
        ON CONFLICT ON CONSTRAINT consumer_event_receipts_once DO UPDATE
            SET processing_status = excluded.processing_status,
                processing_failure_reason = NULL,
                event_created_at = excluded.event_created_at,
                updated_at = clock_timestamp()
            WHERE (stored.processing_status <> 'processed'
                   AND (stored.processing_status <> excluded.processing_status
                        OR EXISTS (SELECT FROM sent s
                                   WHERE s.event_id = stored.event_id AND s.deliver_status = 'pending')))
               OR (stored.processing_status = 'processed' AND excluded.processing_status = 'processed'
                   AND (EXISTS (SELECT FROM sent s
                                WHERE s.event_id = stored.event_id
                                  AND s.deliver_last_tried_at > stored.updated_at)
                        OR EXISTS (SELECT FROM replay_jobs job
                                   WHERE job.consumer_id = stored.consumer_id
                                     AND job.status <> 'done')))
        RETURNING stored.event_id
    )
    UPDATE customer_events AS e
    SET deliver_status = 'delivered',
        delivered_at = coalesce(e.delivered_at, clock_timestamp()),
        deliver_failure_reason = NULL,
        publish_status = 'published',
        published_at = coalesce(e.published_at, clock_timestamp()),
        publish_failure_reason = NULL,
        publish_last_tried_at = CASE WHEN e.publish_status = 'published' THEN e.publish_last_tried_at
                                     ELSE clock_timestamp() END
    FROM receipt
    WHERE e.event_id = receipt.event_id
    RETURNING e.event_id;
END
$$;

COMMIT;
