-- What each consumer has used of its bounds.

-- name: consumers
SELECT consumer_id, name FROM consumers ORDER BY name

-- name: count
-- Counts on from the last run, so its cost is that of what was written since. Only the first run of a
-- day counts the customers, the snapshots and the day's events as a whole.
--
-- An event or a snapshot is written with a time and becomes visible with its commit. So the counts that
-- stay are only of those older than a minute: no request lives as long. Each run counts the younger ones.
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
), taken AS (
    SELECT count(*) FILTER (WHERE s.snapshot_at < clock.settled) AS settled_snapshots,
           count(s.snapshot_id) AS snapshots
    FROM clock
    LEFT JOIN customer_analytics s
           ON s.consumer_id = %(consumer_id)s
          AND s.snapshot_at >= coalesce((SELECT counted_until FROM last), '-infinity')
), total AS (
    SELECT clock.*, since.settled_events, since.unsettled_net,
           coalesce(last.events_of_day, 0) AS events_before,
           coalesce(last.events_of_day, 0) + since.events AS events,
           CASE WHEN last.consumer_id IS NOT NULL THEN last.customers + since.net
                ELSE (SELECT count(*) FROM customers WHERE consumer_id = %(consumer_id)s)
           END AS customers,
           coalesce(last.snapshots, 0) + taken.settled_snapshots AS settled_snapshots,
           coalesce(last.snapshots, 0) + taken.snapshots AS snapshots
    FROM clock CROSS JOIN since CROSS JOIN taken LEFT JOIN last ON true
)
INSERT INTO consumer_usage AS stored (consumer_id, day, events_of_day, customers, counted_until,
                                      events_full, customers_full, snapshots, snapshots_full)
SELECT %(consumer_id)s, (today AT TIME ZONE 'UTC')::date, events_before + settled_events,
       customers - unsettled_net, greatest(settled, today, stored_until.at),
       events >= %(most_events)s, customers >= %(most_customers)s,
       settled_snapshots, snapshots >= %(most_snapshots)s
FROM total,
     LATERAL (SELECT max(counted_until) AS at FROM last) AS stored_until
ON CONFLICT (consumer_id) DO UPDATE
    SET day = excluded.day, events_of_day = excluded.events_of_day,
        customers = excluded.customers, counted_until = excluded.counted_until,
        events_full = excluded.events_full, customers_full = excluded.customers_full,
        snapshots = excluded.snapshots, snapshots_full = excluded.snapshots_full
RETURNING events_of_day, customers, snapshots, events_full, customers_full, snapshots_full
