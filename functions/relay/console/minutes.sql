-- name: count
-- By lane and minute, the newest first until a lane's share is used up: then its last minute is_cut, and what is
-- older is unknown. The rows without a minute have the last 60 seconds. Lane 0 has what was accepted for all.
WITH ended AS (
    SELECT lane.lane_id, each.*
    FROM unnest(%(lanes)s::bigint[]) AS lane (lane_id)
    CROSS JOIN LATERAL (
        SELECT d.ended_at AS at, d.status, row_number() OVER (ORDER BY d.ended_at DESC) = %(share)s AS is_last
        FROM event_deliveries d
        WHERE d.lane_id = lane.lane_id AND d.ended_at >= %(begin_at)s AND d.ended_at < %(end_at)s
        ORDER BY d.ended_at DESC
        LIMIT %(share)s) each
), accepted AS (
    SELECT e.created_at AS at, row_number() OVER (ORDER BY e.created_at DESC) = %(most)s AS is_last,
           e.accepted_at IS NOT NULL AS is_accepted
    FROM marketing_events e
    WHERE e.created_at >= %(begin_at)s AND e.created_at < %(end_at)s
    ORDER BY e.created_at DESC
    LIMIT %(most)s
)
SELECT lane_id, minute, NULL::bigint AS committed, count(*) FILTER (WHERE status = 'delivered') AS processed,
       count(*) FILTER (WHERE status IN ('failed', 'expired')) AS failed, bool_or(is_last) AS is_cut
FROM (SELECT lane_id, status, is_last, date_trunc('minute', at) AS minute FROM ended
      UNION ALL
      SELECT lane_id, status, is_last, NULL FROM ended WHERE at >= %(recent)s) of_lanes
GROUP BY lane_id, minute
UNION ALL
SELECT 0, minute, count(*) FILTER (WHERE is_accepted), 0, 0, bool_or(is_last)
FROM (SELECT is_accepted, is_last, date_trunc('minute', at) AS minute FROM accepted
      UNION ALL
      SELECT is_accepted, is_last, NULL FROM accepted WHERE at >= %(recent)s) of_all
GROUP BY minute

-- name: lags
-- From an event's creation to its arrival, of the newest deliveries of a quarter of an hour. A replay is late on
-- purpose.
SELECT lane.lane_id,
       (SELECT round(1000 * extract(epoch FROM
                   percentile_disc(0.95) WITHIN GROUP (ORDER BY newest.ended_at - e.created_at)))::bigint
        FROM (SELECT d.event, d.ended_at, d.status, d.replay_id
              FROM event_deliveries d
              WHERE d.lane_id = lane.lane_id
                AND d.ended_at >= statement_timestamp() - interval '15 minutes'
              ORDER BY d.ended_at DESC
              LIMIT %(sample)s) newest
        JOIN marketing_events e ON e.id = newest.event
        WHERE newest.status = 'delivered' AND newest.replay_id IS NULL) AS lag_p95_ms
FROM unnest(%(lanes)s::bigint[]) AS lane (lane_id)
