-- Reads events. consumer_id is NULL only for the admin, who sees all tenants.


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
