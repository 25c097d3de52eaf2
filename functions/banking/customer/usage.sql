-- What each consumer has used of its bounds.

-- name: consumers
SELECT consumer_id, name FROM consumers ORDER BY name

-- name: count
-- Counts on from the last run, so its cost is that of the events written since. Only the first run of a
-- day counts the customers and the day's events as a whole.
--
-- An event is written with a time and becomes visible with its commit. So the counts that stay are only
-- of events older than a minute: no request lives as long. The younger ones are counted in every run.
WITH clock AS MATERIALIZED (
    SELECT at, date_trunc('day', at, 'UTC') AS today, at - interval '1 minute' AS settled
    FROM clock_timestamp() AS at
), last AS MATERIALIZED (
    SELECT u.*
    FROM consumer_usage u, clock
    WHERE u.consumer_id = %(consumer_id)s AND u.day = (clock.today AT TIME ZONE 'UTC')::date
), since AS (
    SELECT count(*) FILTER (WHERE e.created_at < clock.settled) AS settled_events,
           count(e.event_id) AS events,
           count(*) FILTER (WHERE e.event_type = 'customer_creation')
               - count(*) FILTER (WHERE e.event_type = 'customer_deletion') AS net,
           count(*) FILTER (WHERE e.event_type = 'customer_creation'
                                  AND e.created_at >= clock.settled)
               - count(*) FILTER (WHERE e.event_type = 'customer_deletion'
                                        AND e.created_at >= clock.settled) AS unsettled_net
    FROM clock
    LEFT JOIN customer_events e
           ON e.consumer_id = %(consumer_id)s
          AND e.created_at >= coalesce((SELECT counted_until FROM last), clock.today)
), total AS (
    SELECT clock.*, since.settled_events, since.unsettled_net,
           coalesce(last.events_of_day, 0) AS events_before,
           coalesce(last.events_of_day, 0) + since.events AS events,
           CASE WHEN last.consumer_id IS NOT NULL THEN last.customers + since.net
                ELSE (SELECT count(*) FROM customers WHERE consumer_id = %(consumer_id)s)
           END AS customers
    FROM clock CROSS JOIN since LEFT JOIN last ON true
)
INSERT INTO consumer_usage AS stored (consumer_id, day, events_of_day, customers, counted_until,
                                      events_full, customers_full)
SELECT %(consumer_id)s, (today AT TIME ZONE 'UTC')::date, events_before + settled_events,
       customers - unsettled_net, greatest(settled, today, stored_until.at),
       events >= %(most_events)s, customers >= %(most_customers)s
FROM total,
     LATERAL (SELECT max(counted_until) AS at FROM last) AS stored_until
ON CONFLICT (consumer_id) DO UPDATE
    SET day = excluded.day, events_of_day = excluded.events_of_day,
        customers = excluded.customers, counted_until = excluded.counted_until,
        events_full = excluded.events_full, customers_full = excluded.customers_full
RETURNING events_of_day, customers, events_full, customers_full
