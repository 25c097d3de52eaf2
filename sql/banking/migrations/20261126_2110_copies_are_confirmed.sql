-- additive
-- The confirmation of a processed event's copy counts: until then a rewind sends the event again.
--
-- Rollback:
--   CREATE OR REPLACE FUNCTION confirm_delivery(
--       event uuid, of_consumer uuid, said text, at timestamptz, reason text
--   ) RETURNS uuid LANGUAGE plpgsql AS $$
--   DECLARE
--       changed uuid;
--   BEGIN
--       WITH sent AS (
--           SELECT event_id, consumer_id, customer_id, event_type, deliver_status
--           FROM customer_events
--           WHERE event_id = event AND consumer_id = of_consumer
--       ), receipt AS (
--           INSERT INTO consumer_event_receipts AS stored
--               (consumer_id, event_id, customer_id, event_type, received_at, processing_status,
--                processing_failure_reason)
--           SELECT consumer_id, event_id, customer_id, event_type,
--                  coalesce(at, clock_timestamp()), said, reason
--           FROM sent
--           ON CONFLICT ON CONSTRAINT consumer_event_receipts_once DO UPDATE
--               SET processing_status = excluded.processing_status,
--                   processing_failure_reason = excluded.processing_failure_reason,
--                   received_at = coalesce(at, stored.received_at),
--                   updated_at = clock_timestamp()
--               WHERE stored.processing_status <> 'processed'
--                 AND (stored.processing_status <> excluded.processing_status
--                      OR stored.processing_failure_reason
--                         IS DISTINCT FROM excluded.processing_failure_reason
--                      OR EXISTS (SELECT FROM sent WHERE deliver_status = 'pending'))
--           RETURNING event_id
--       )
--       UPDATE customer_events AS e
--       SET deliver_status = CASE WHEN said = 'failed' THEN 'failed' ELSE 'delivered' END,
--           delivered_at = CASE WHEN said = 'failed' THEN NULL
--                               ELSE coalesce(e.delivered_at, clock_timestamp()) END,
--           deliver_failure_reason = reason,
--           publish_status = 'published',
--           published_at = coalesce(e.published_at, clock_timestamp()),
--           publish_failure_reason = NULL
--       FROM receipt
--       WHERE e.event_id = receipt.event_id
--       RETURNING e.event_id INTO changed;
--       RETURN changed;
--   END
--   $$;

BEGIN;

CREATE OR REPLACE FUNCTION confirm_delivery(
    event uuid, of_consumer uuid, said text, at timestamptz, reason text
) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    changed uuid;
BEGIN
    WITH sent AS (
        SELECT event_id, consumer_id, customer_id, event_type, deliver_status,
               deliver_last_tried_at
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
            WHERE (stored.processing_status <> 'processed'
                   AND (stored.processing_status <> excluded.processing_status
                        OR stored.processing_failure_reason
                           IS DISTINCT FROM excluded.processing_failure_reason
                        OR EXISTS (SELECT FROM sent WHERE deliver_status = 'pending')))
               OR (stored.processing_status = 'processed' AND said = 'processed'
                   AND (EXISTS (SELECT FROM sent WHERE deliver_last_tried_at > stored.updated_at)
                        OR EXISTS (SELECT FROM replay_jobs job
                                   WHERE job.consumer_id = of_consumer AND job.status <> 'done')))
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
