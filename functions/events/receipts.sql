-- name: confirm
-- The receipt is the state machine: processed is final, a failed event may be tried again, the same
-- confirmation again changes nothing (no row), unless the event was sent again since: then it is under
-- way (deliver_status pending), and the same word is news. A confirmation of an event that is still
-- to be published proves that it was: the broker's confirm was lost.
WITH event AS (
    SELECT event_id, consumer_id, customer_id, event_type, deliver_status
    FROM customer_events
    WHERE event_id = %(event_id)s AND consumer_id = %(consumer_id)s
), receipt AS (
    INSERT INTO consumer_event_receipts AS stored
        (consumer_id, event_id, customer_id, event_type, received_at, processing_status,
         processing_failure_reason)
    SELECT consumer_id, event_id, customer_id, event_type,
           coalesce(%(received_at)s, clock_timestamp()), %(status)s, %(failure_reason)s
    FROM event
    ON CONFLICT (consumer_id, event_id) DO UPDATE
        SET processing_status = excluded.processing_status,
            processing_failure_reason = excluded.processing_failure_reason,
            received_at = coalesce(%(received_at)s, stored.received_at),
            updated_at = clock_timestamp()
        WHERE stored.processing_status <> 'processed'
          AND (stored.processing_status <> excluded.processing_status
               OR stored.processing_failure_reason
                  IS DISTINCT FROM excluded.processing_failure_reason
               OR EXISTS (SELECT FROM event WHERE deliver_status = 'pending'))
    RETURNING event_id
)
UPDATE customer_events AS e
SET deliver_status = CASE WHEN %(status)s = 'failed' THEN 'failed' ELSE 'delivered' END,
    delivered_at = CASE WHEN %(status)s = 'failed' THEN NULL
                        ELSE coalesce(e.delivered_at, clock_timestamp()) END,
    deliver_failure_reason = %(failure_reason)s,
    publish_status = 'published',
    published_at = coalesce(e.published_at, clock_timestamp()),
    publish_failure_reason = NULL
FROM receipt
WHERE e.event_id = receipt.event_id
RETURNING e.event_id

-- name: read_receipt
-- Why nothing changed: no such event of this consumer (no row), or what its receipt says.
SELECT e.event_id, r.processing_status
FROM customer_events e
LEFT JOIN consumer_event_receipts r
       ON r.consumer_id = e.consumer_id AND r.event_id = e.event_id
WHERE e.event_id = %(event_id)s AND e.consumer_id = %(consumer_id)s
