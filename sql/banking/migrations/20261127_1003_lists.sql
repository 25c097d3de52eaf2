-- Indexes for lists of events, so that no filter reads the whole table: of the events with a reason, of the rare
-- types, and of the receipts that say received, in the order of their events. Reads both tables; writes
-- wait meanwhile.
--
-- additive
--
-- Rollback:
--   DROP INDEX customer_events_with_reason, customer_events_of_rare_type,
--       consumer_event_receipts_received_of_consumer;
--   CREATE OR REPLACE FUNCTION confirm_delivery(
--       event uuid, of_consumer uuid, said text, at timestamptz, reason text
--   ) RETURNS uuid LANGUAGE plpgsql AS $$
--   DECLARE
--       changed uuid;
--   BEGIN
--       WITH sent AS (
--           SELECT event_id, consumer_id, customer_id, event_type, deliver_status,
--                  deliver_last_tried_at
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
--               WHERE (stored.processing_status <> 'processed'
--                      AND (stored.processing_status <> excluded.processing_status
--                           OR stored.processing_failure_reason
--                              IS DISTINCT FROM excluded.processing_failure_reason
--                           OR EXISTS (SELECT FROM sent WHERE deliver_status = 'pending')))
--                  OR (stored.processing_status = 'processed' AND said = 'processed'
--                      AND (EXISTS (SELECT FROM sent WHERE deliver_last_tried_at > stored.updated_at)
--                           OR EXISTS (SELECT FROM replay_jobs job
--                                      WHERE job.consumer_id = of_consumer AND job.status <> 'done')))
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
--   ALTER TABLE consumer_event_receipts DROP COLUMN event_created_at;

BEGIN;

CREATE INDEX IF NOT EXISTS customer_events_with_reason
    ON customer_events (consumer_id, created_at, event_id)
    WHERE publish_failure_reason IS NOT NULL OR deliver_failure_reason IS NOT NULL;
CREATE INDEX IF NOT EXISTS customer_events_of_rare_type
    ON customer_events (consumer_id, created_at, event_id)
    WHERE event_type IN ('customer_deletion', 'consumer_created');

ALTER TABLE consumer_event_receipts ADD COLUMN IF NOT EXISTS event_created_at timestamptz;

CREATE OR REPLACE FUNCTION confirm_delivery(
    event uuid, of_consumer uuid, said text, at timestamptz, reason text
) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    changed uuid;
BEGIN
    WITH sent AS (
        SELECT event_id, consumer_id, customer_id, event_type, created_at, deliver_status,
               deliver_last_tried_at
        FROM customer_events
        WHERE event_id = event AND consumer_id = of_consumer
    ), receipt AS (
        INSERT INTO consumer_event_receipts AS stored
            (consumer_id, event_id, customer_id, event_type, event_created_at, received_at,
             processing_status, processing_failure_reason)
        SELECT consumer_id, event_id, customer_id, event_type, created_at,
               coalesce(at, clock_timestamp()), said, reason
        FROM sent
        ON CONFLICT ON CONSTRAINT consumer_event_receipts_once DO UPDATE
            SET processing_status = excluded.processing_status,
                processing_failure_reason = excluded.processing_failure_reason,
                event_created_at = excluded.event_created_at,
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

UPDATE consumer_event_receipts r
SET event_created_at = e.created_at
FROM customer_events e
WHERE e.event_id = r.event_id AND r.processing_status = 'received' AND r.event_created_at IS NULL;

CREATE INDEX IF NOT EXISTS consumer_event_receipts_received_of_consumer
    ON consumer_event_receipts (consumer_id, event_created_at, event_id)
    WHERE processing_status = 'received';

COMMIT;
