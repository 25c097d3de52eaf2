-- additive
-- Confirmations of many events in one statement, for banks that are called: each answer of theirs confirms one.
--
-- Rollback:
--   CREATE OR REPLACE FUNCTION confirm_delivery(
--       event uuid, of_consumer uuid, said text, at timestamptz, reason text
--   ) RETURNS uuid LANGUAGE plpgsql AS $$
--   DECLARE
--       changed uuid;
--   BEGIN
--       WITH sent AS (
--           SELECT event_id, consumer_id, customer_id, event_type, created_at, deliver_status,
--                  deliver_last_tried_at
--           FROM customer_events
--           WHERE event_id = event AND consumer_id = of_consumer
--       ), receipt AS (
--           INSERT INTO consumer_event_receipts AS stored
--               (consumer_id, event_id, customer_id, event_type, event_created_at, received_at,
--                processing_status, processing_failure_reason)
--           SELECT consumer_id, event_id, customer_id, event_type, created_at,
--                  coalesce(at, clock_timestamp()), said,
--                  kept_words(consumer_id, customer_id, reason)
--           FROM sent
--           ON CONFLICT ON CONSTRAINT consumer_event_receipts_once DO UPDATE
--               SET processing_status = excluded.processing_status,
--                   processing_failure_reason = excluded.processing_failure_reason,
--                   event_created_at = excluded.event_created_at,
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
--           RETURNING event_id, processing_failure_reason
--       )
--       UPDATE customer_events AS e
--       SET deliver_status = CASE WHEN said = 'failed' THEN 'failed' ELSE 'delivered' END,
--           delivered_at = CASE WHEN said = 'failed' THEN NULL
--                               ELSE coalesce(e.delivered_at, clock_timestamp()) END,
--           deliver_failure_reason = receipt.processing_failure_reason,
--           publish_status = 'published',
--           published_at = coalesce(e.published_at, clock_timestamp()),
--           publish_failure_reason = NULL
--       FROM receipt
--       WHERE e.event_id = receipt.event_id
--       RETURNING e.event_id INTO changed;
--       RETURN changed;
--   END
--   $$;
--   DROP FUNCTION confirm_deliveries(uuid[], uuid[], text[], timestamptz[], text[]);

BEGIN;

-- Writes what consumers say of their events, each event once; returns the events that changed. The receipt is the
-- state machine. Processed is final. A failed event may be tried again. A repeated confirmation changes nothing. But
-- if the event was sent again since, it is under way (deliver_status pending), and the repeated confirmation counts
-- again. So does that of a copy of a processed event, which a rewind has sent: a rewind sends it once more until it is
-- confirmed. While a rewind is not done, a copy may be confirmed before it is marked as sent. A confirmation of an
-- event that is still pending proves that it was published: only the broker's confirm was lost. What is said of an
-- erased customer's event is not kept. Locks all receipts, in one order, and then the events.
CREATE OR REPLACE FUNCTION confirm_deliveries(
    events uuid[], of_consumers uuid[], statuses text[], received timestamptz[], reasons text[]
) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    WITH sent AS (
        SELECT e.event_id, e.consumer_id, e.customer_id, e.event_type, e.created_at, e.deliver_status,
               e.deliver_last_tried_at, told.status, told.received_at, told.reason
        FROM unnest(events, of_consumers, statuses, received, reasons)
                 AS told (event_id, consumer_id, status, received_at, reason)
        JOIN customer_events e ON e.event_id = told.event_id AND e.consumer_id = told.consumer_id
    ), receipt AS (
        INSERT INTO consumer_event_receipts AS stored
            (consumer_id, event_id, customer_id, event_type, event_created_at, received_at,
             processing_status, processing_failure_reason)
        SELECT s.consumer_id, s.event_id, s.customer_id, s.event_type, s.created_at,
               coalesce(s.received_at, clock_timestamp()), s.status,
               kept_words(s.consumer_id, s.customer_id, s.reason)
        FROM sent s
        ORDER BY s.event_id
        ON CONFLICT ON CONSTRAINT consumer_event_receipts_once DO UPDATE
            SET processing_status = excluded.processing_status,
                processing_failure_reason = excluded.processing_failure_reason,
                event_created_at = excluded.event_created_at,
                received_at = coalesce((SELECT s.received_at FROM sent s
                                        WHERE s.event_id = stored.event_id), stored.received_at),
                updated_at = clock_timestamp()
            WHERE (stored.processing_status <> 'processed'
                   AND (stored.processing_status <> excluded.processing_status
                        OR stored.processing_failure_reason
                           IS DISTINCT FROM excluded.processing_failure_reason
                        OR EXISTS (SELECT FROM sent s
                                   WHERE s.event_id = stored.event_id AND s.deliver_status = 'pending')))
               OR (stored.processing_status = 'processed' AND excluded.processing_status = 'processed'
                   AND (EXISTS (SELECT FROM sent s
                                WHERE s.event_id = stored.event_id
                                  AND s.deliver_last_tried_at > stored.updated_at)
                        OR EXISTS (SELECT FROM replay_jobs job
                                   WHERE job.consumer_id = stored.consumer_id
                                     AND job.status <> 'done')))
        RETURNING stored.event_id, stored.processing_status AS status,
                  stored.processing_failure_reason AS reason
    )
    UPDATE customer_events AS e
    SET deliver_status = CASE WHEN receipt.status = 'failed' THEN 'failed' ELSE 'delivered' END,
        delivered_at = CASE WHEN receipt.status = 'failed' THEN NULL
                            ELSE coalesce(e.delivered_at, clock_timestamp()) END,
        deliver_failure_reason = receipt.reason,
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

-- One of them; the event if something changed.
CREATE OR REPLACE FUNCTION confirm_delivery(
    event uuid, of_consumer uuid, said text, at timestamptz, reason text
) RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT confirm_deliveries(ARRAY[event], ARRAY[of_consumer], ARRAY[said], ARRAY[at],
                                      ARRAY[reason]));
END
$$;

COMMIT;
