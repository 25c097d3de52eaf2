-- Reads events. consumer_id is NULL only for the admin, who sees all tenants.

-- name: read_event
SELECT e.event_id, e.consumer_id, e.customer_id, e.sequence, e.event_type, e.source_service,
       e.created_at, e.publish_status, e.published_at, e.publish_try_count,
       e.publish_last_tried_at, e.publish_failure_reason, e.deliver_status, e.delivered_at,
       e.deliver_try_count, e.deliver_last_tried_at, e.deliver_failure_reason,
       e.publish_given_up_at, e.sent_late_at,
       e.payload_json AS payload, e.metadata_json AS metadata,
       CASE WHEN e.publish_status = 'pending' THEN
           (SELECT h.event_id FROM customer_events h
            WHERE h.customer_id = e.customer_id AND h.sequence < e.sequence
              AND h.publish_status = 'pending'
            ORDER BY h.sequence LIMIT 1)
       END AS waits_behind
FROM customer_events e
WHERE e.event_id = %(event_id)s
  AND (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)

-- name: read_receipts
SELECT processing_status, received_at, processing_failure_reason, updated_at
FROM consumer_event_receipts
WHERE event_id = %(event_id)s
  AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)

-- name: read_dead_letters
SELECT dead_letter_id, reason, superseded, created_at
FROM dead_letters
WHERE event_id = %(event_id)s
  AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
ORDER BY created_at
LIMIT 100

-- name: health
-- Each count reads only a partial index of waiting or failed events.
SELECT pending.*, failed.*, undelivered.*, delivery_failed.*, unmatched.*
FROM (SELECT count(*) AS pending_count,
             count(*) - count(DISTINCT customer_id) AS waiting_behind_count,
             extract(epoch FROM clock_timestamp() - min(created_at)) / 3600
                 AS oldest_pending_age_hours
      FROM customer_events
      WHERE publish_status = 'pending'
        AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)) pending,
     (SELECT count(*) AS failed_count
      FROM customer_events
      WHERE publish_status = 'failed'
        AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)) failed,
     (SELECT count(*) AS undelivered_count,
             extract(epoch FROM clock_timestamp() - min(published_at)) / 3600
                 AS oldest_undelivered_age_hours
      FROM customer_events
      WHERE publish_status = 'published' AND deliver_status = 'pending'
        AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)) undelivered,
     (SELECT count(*) AS delivery_failed_count
      FROM customer_events
      WHERE deliver_status = 'failed'
        AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)) delivery_failed,
     (SELECT count(*) AS unmatched_dead_letter_count
      FROM dead_letters
      WHERE event_id IS NULL
        AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)) unmatched
