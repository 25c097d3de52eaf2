-- The gauges of banks that are called.

-- name: read_lanes
-- A deactivated bank is not called: it has no state. An event was refused if it has spent more than one try: outages
-- spend none. So was a rewind's copy that has spent one; later events of its customer wait for it.
SELECT c.name AS consumer, CASE WHEN c.status = 'active' THEN w.state END AS state,
       (SELECT least(count(*), w.max_in_flight) FROM webhook_turns t
        WHERE t.consumer_id = w.consumer_id AND t.lease_until > clock_timestamp()) AS in_flight,
       CASE WHEN w.state = 'open' OR c.status <> 'active' THEN 0
            ELSE extract(epoch FROM clock_timestamp() - w.since) END::float8 AS not_open_seconds,
       CASE WHEN w.state = 'open' AND c.status = 'active' THEN
           (SELECT count(*)
            FROM (SELECT t.customer_id
                  FROM webhook_turns t
                  JOIN customer_events e ON e.event_id = t.event_id
                  WHERE t.consumer_id = w.consumer_id AND e.publish_status = 'pending'
                    AND e.publish_try_count > 1
                  UNION
                  SELECT k.customer_id
                  FROM webhook_copies k
                  WHERE k.consumer_id = w.consumer_id AND k.goes_first AND k.tries > 0) of_both)
            ELSE 0 END AS refused
FROM webhooks w
JOIN consumers c ON c.consumer_id = w.consumer_id
ORDER BY c.name
