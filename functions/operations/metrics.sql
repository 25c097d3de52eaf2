-- What is true for the whole system now, all tenants together: the gauges of GET /metrics. Each look
-- goes through a partial index, so it costs what there is to count and not what the tables hold.

-- name: read_gauges
-- Of a customer's pending events the first one waits for the broker, the others wait behind it.
SELECT pending.*, undelivered.*, dead.*,
       (SELECT count(*) FROM customer_events WHERE publish_status = 'failed') AS failed,
       (SELECT count(*) FROM customer_events WHERE deliver_status = 'failed') AS delivery_failed
FROM (SELECT count(*) AS pending,
             count(*) - count(DISTINCT customer_id) AS held_back,
             coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8
                 AS oldest_pending_seconds
      FROM customer_events
      WHERE publish_status = 'pending') AS pending,
     (SELECT count(*) AS undelivered,
             coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8
                 AS oldest_undelivered_seconds
      FROM customer_events
      WHERE publish_status = 'published' AND deliver_status = 'pending') AS undelivered,
     (SELECT count(*) AS unmatched_dead_letters
      FROM dead_letters
      WHERE event_id IS NULL) AS dead
