-- Reads events. consumer_id is NULL only for the admin, who sees all tenants.

-- name: list_events
-- Reads a page of each tenant in scope and merges them. There are few tenants, so the index by consumer
-- serves a tenant's view and the admin's.
SELECT page.*
FROM consumers c
CROSS JOIN LATERAL (
    SELECT e.event_id, e.consumer_id, e.customer_id, e.sequence, e.event_type, e.source_service,
           e.created_at, e.publish_status, e.published_at, e.publish_try_count,
           e.publish_last_tried_at, e.publish_failure_reason, e.deliver_status, e.delivered_at,
           e.deliver_try_count, e.deliver_last_tried_at, e.deliver_failure_reason,
           e.publish_given_up_at, e.sent_late_at
    FROM customer_events e
    WHERE e.consumer_id = c.consumer_id
      AND (%(customer_id)s::uuid IS NULL OR e.customer_id = %(customer_id)s)
      AND (%(event_type)s::text IS NULL OR e.event_type = %(event_type)s)
      AND (%(publish_status)s::text IS NULL OR e.publish_status = %(publish_status)s)
      AND (%(deliver_status)s::text IS NULL OR e.deliver_status = %(deliver_status)s)
      AND (%(after_at)s::timestamptz IS NULL
           OR (e.created_at, e.event_id) < (%(after_at)s, %(after_id)s::uuid))
    ORDER BY e.created_at DESC, e.event_id DESC
    LIMIT %(limit)s + 1
) page
WHERE (%(consumer_id)s::uuid IS NULL OR c.consumer_id = %(consumer_id)s)
ORDER BY page.created_at DESC, page.event_id DESC
LIMIT %(limit)s + 1

-- name: health
-- Each count reads only a partial index of waiting or failed events, or of open letters. An event whose
-- letters are all resolved is seen to, so it does not count as failed.
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
      FROM customer_events e
      WHERE deliver_status = 'failed'
        AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
        AND (SELECT bool_or(d.resolved_at IS NULL) FROM dead_letters d
             WHERE d.event_id = e.event_id AND NOT d.superseded) IS NOT false) delivery_failed,
     (SELECT count(*) AS unmatched_dead_letter_count
      FROM dead_letters
      WHERE event_id IS NULL AND resolved_at IS NULL
        AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)) unmatched
