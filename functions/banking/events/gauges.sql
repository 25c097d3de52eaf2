-- The gauges of the whole system for GET /metrics and publish_metrics. Each count uses a partial index,
-- so its cost depends on the rows counted and not on the size of the tables.

-- name: read_gauges
-- One row per tenant, and one for rows that belong to none. A tenant that has left has none: nobody publishes
-- what it has left behind.
WITH pending AS (
    -- A customer's first pending event waits for the broker, the others wait behind it.
    SELECT consumer_id, count(*) AS pending,
           count(*) - count(DISTINCT customer_id) AS waiting_behind,
           min(created_at) AS oldest_pending
    FROM customer_events
    WHERE publish_status = 'pending'
    GROUP BY consumer_id
), failed AS (
    SELECT consumer_id, count(*) AS failed, min(created_at) AS oldest_failed
    FROM customer_events
    WHERE publish_status = 'failed'
    GROUP BY consumer_id
), undelivered AS (
    SELECT consumer_id, count(*) AS undelivered, min(created_at) AS oldest_undelivered
    FROM customer_events
    WHERE publish_status = 'published' AND deliver_status = 'pending'
    GROUP BY consumer_id
), refused AS (
    -- Events in dead_letters, and events that only a consumer's confirmation calls failed. An event whose
    -- letters are all resolved is neither.
    SELECT consumer_id,
           count(*) FILTER (WHERE is_open) AS dead_lettered,
           min(created_at) FILTER (WHERE is_open) AS oldest_dead_lettered,
           count(*) FILTER (WHERE is_open IS NULL) AS delivery_failed,
           min(created_at) FILTER (WHERE is_open IS NULL) AS oldest_delivery_failed
    FROM (SELECT consumer_id, created_at,
                 (SELECT bool_or(d.resolved_at IS NULL) FROM dead_letters d
                  WHERE d.event_id = e.event_id AND NOT d.superseded) AS is_open
          FROM customer_events e
          WHERE deliver_status = 'failed') failed_delivery
    GROUP BY consumer_id
), unmatched AS (
    SELECT consumer_id, count(*) AS unmatched_dead_letters
    FROM dead_letters
    WHERE event_id IS NULL AND resolved_at IS NULL
    GROUP BY consumer_id
)
SELECT coalesce(c.name, consumer_id::text, '') AS consumer,
       coalesce(pending, 0) AS pending, coalesce(waiting_behind, 0) AS waiting_behind,
       coalesce(failed, 0) AS failed, coalesce(undelivered, 0) AS undelivered,
       coalesce(delivery_failed, 0) AS delivery_failed,
       coalesce(dead_lettered, 0) AS dead_lettered,
       coalesce(unmatched_dead_letters, 0) AS unmatched_dead_letters,
       coalesce(extract(epoch FROM now - p.since), 0)::float8 AS paused,
       coalesce(extract(epoch FROM now - oldest_pending), 0)::float8 AS oldest_pending,
       coalesce(extract(epoch FROM now - oldest_failed), 0)::float8 AS oldest_failed,
       coalesce(extract(epoch FROM now - oldest_undelivered), 0)::float8 AS oldest_undelivered,
       coalesce(extract(epoch FROM now - oldest_delivery_failed), 0)::float8
           AS oldest_delivery_failed,
       coalesce(extract(epoch FROM now - oldest_dead_lettered), 0)::float8 AS oldest_dead_lettered
FROM consumers c
FULL JOIN pending USING (consumer_id)
FULL JOIN failed USING (consumer_id)
FULL JOIN undelivered USING (consumer_id)
FULL JOIN refused USING (consumer_id)
FULL JOIN unmatched USING (consumer_id)
LEFT JOIN publishing_pauses p USING (consumer_id)
CROSS JOIN clock_timestamp() AS now
WHERE NOT EXISTS (SELECT FROM offboardings o
                  WHERE o.consumer_id = c.consumer_id AND o.status IN ('ending', 'done'))
ORDER BY consumer, consumer_id
