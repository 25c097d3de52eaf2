-- The gauges of banks that are called.

-- name: read_lanes
SELECT c.name AS consumer, w.state,
       (SELECT count(*) FROM webhook_turns t
        WHERE t.consumer_id = w.consumer_id AND t.lease_until > clock_timestamp()) AS in_flight,
       CASE WHEN w.state = 'open' THEN 0
            ELSE extract(epoch FROM clock_timestamp() - w.since) END::float8 AS not_open_seconds
FROM webhooks w
JOIN consumers c ON c.consumer_id = w.consumer_id
ORDER BY c.name
