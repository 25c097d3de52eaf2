-- Reads the history of streams. consumer_id is the stream, for the admin the nil UUID: all together.

-- name: newest
-- Until when minutes are counted, and when the ledger was.
SELECT (SELECT minute + interval '1 minute' FROM stream_minutes
        WHERE consumer_id = %(everything)s AND committed IS NOT NULL
        ORDER BY minute DESC LIMIT 1) AS counted_until,
       (SELECT taken_at FROM last_reconciliation) AS reconciled_at, clock_timestamp() AS at

-- name: minutes
SELECT minute, committed, published, received, processed, failed, redelivered, publish_lag, process_lag,
       pending, held_back, undelivered, oldest_pending_seconds, oldest_held_back_seconds,
       oldest_undelivered_seconds, queue_depth, readers
FROM stream_minutes
WHERE consumer_id = %(consumer_id)s AND minute >= %(begin_at)s AND minute < %(end_at)s
ORDER BY minute

-- name: points_of_minutes
-- A point for each minute of the span, in the shape and the order of the answer; what nobody has counted is NULL.
SELECT utc_text(step) AS at, committed, published, received, processed, failed, redelivered, pending, held_back,
       undelivered, oldest_pending_seconds, oldest_undelivered_seconds, queue_depth, readers, publish_lag_p95_ms,
       process_lag_p95_ms
FROM generate_series(%(begin_at)s::timestamptz, %(end_at)s::timestamptz - interval '1 microsecond',
                     interval '1 minute') AS step
LEFT JOIN stream_minutes m ON m.minute = step AND m.consumer_id = %(consumer_id)s
                    AND m.minute >= %(begin_at)s AND m.minute < %(end_at)s
ORDER BY step

-- name: points_of_hours
-- A point for each hour of the span, in the shape and the order of the answer; what nobody has counted is NULL.
SELECT utc_text(step) AS at, committed, published, received, processed, failed, redelivered, pending, held_back,
       undelivered, oldest_pending_seconds, oldest_undelivered_seconds, queue_depth, readers, publish_lag_p95_ms,
       process_lag_p95_ms
FROM generate_series(%(begin_at)s::timestamptz, %(end_at)s::timestamptz - interval '1 microsecond',
                     interval '1 hour') AS step
LEFT JOIN stream_hours m ON m.hour = step AND m.consumer_id = %(consumer_id)s
                    AND m.hour >= %(begin_at)s AND m.hour < %(end_at)s
ORDER BY step

-- name: streams
-- Of each stream in scope: the last hour, the lag of the last quarter of an hour, what waited some minutes ago and
-- in the newest look, and the sums of 24 hours, of whole hours and of the minutes at both ends. Lag is one text, so
-- that a driver need not read thousands of numbers one by one.
SELECT c.consumer_id, hour.minutes, hour.processed_each, lag.process_lags, before.*, newest.*, day.*
FROM consumers c
CROSS JOIN (SELECT coalesce(max(hour) + interval '1 hour', '-infinity') AS until
            FROM stream_hours WHERE consumer_id = %(everything)s) summed
CROSS JOIN LATERAL (
    SELECT array_agg(m.minute ORDER BY m.minute) AS minutes,
           array_agg(m.processed ORDER BY m.minute) AS processed_each
    FROM stream_minutes m
    WHERE m.consumer_id = c.consumer_id AND m.minute > %(at)s::timestamptz - interval '60 minutes'
      AND m.committed IS NOT NULL) hour
CROSS JOIN LATERAL (
    SELECT jsonb_agg(to_jsonb(m.process_lag)) AS process_lags
    FROM stream_minutes m
    WHERE m.consumer_id = c.consumer_id AND m.minute > %(at)s::timestamptz - interval '15 minutes'
      AND m.process_lag IS NOT NULL) lag
LEFT JOIN LATERAL (
    SELECT m.minute AS before_at, m.pending AS pending_before, m.undelivered AS undelivered_before
    FROM stream_minutes m
    WHERE m.consumer_id = c.consumer_id AND m.pending IS NOT NULL
      AND m.minute > %(at)s::timestamptz - interval '6 minutes'
    ORDER BY m.minute
    LIMIT 1) before ON true
LEFT JOIN LATERAL (
    SELECT m.pending AS pending_seen, m.held_back AS held_back_seen, m.undelivered AS undelivered_seen
    FROM stream_minutes m
    WHERE m.consumer_id = c.consumer_id AND m.pending IS NOT NULL
      AND m.minute > %(at)s::timestamptz - interval '6 minutes'
    ORDER BY m.minute DESC
    LIMIT 1) newest ON true
CROSS JOIN LATERAL (
    SELECT sum(committed) AS committed_24h, sum(processed) AS processed_24h
    FROM (SELECT h.committed, h.processed FROM stream_hours h
          WHERE h.consumer_id = c.consumer_id
            AND h.hour >= date_trunc('hour', %(at)s::timestamptz - interval '23 hours')
          UNION ALL
          SELECT m.committed, m.processed FROM stream_minutes m
          WHERE m.consumer_id = c.consumer_id
            AND m.minute >= %(at)s::timestamptz - interval '24 hours'
            AND m.minute < date_trunc('hour', %(at)s::timestamptz - interval '23 hours')
          UNION ALL
          SELECT m.committed, m.processed FROM stream_minutes m
          WHERE m.consumer_id = c.consumer_id
            AND m.minute >= greatest(summed.until, date_trunc('hour', %(at)s::timestamptz - interval '23 hours'))
         ) parts) day
WHERE %(consumer_id)s::uuid IS NULL OR c.consumer_id = %(consumer_id)s

-- name: ledger
-- The last scheduled count: of all tenants, or what it says of one. A row per tenant with a discrepancy.
-- What was given up is known by the event; all else is unexplained.
SELECT l.taken_at,
       CASE WHEN %(consumer_id)s::text IS NULL THEN (l.report_json ->> 'balanced')::boolean
            ELSE coalesce(own.balanced, true) END AS balanced,
       own.discrepancies, own.unexplained
FROM last_reconciliation l
CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(t ->> 'consumer_id', found.discrepancies)
               FILTER (WHERE found.discrepancies > 0) AS discrepancies,
           jsonb_object_agg(t ->> 'consumer_id', found.unexplained)
               FILTER (WHERE found.unexplained > 0) AS unexplained,
           bool_and((t ->> 'balanced')::boolean) AS balanced
    FROM jsonb_array_elements(l.report_json -> 'tenants') AS t
    CROSS JOIN LATERAL (SELECT sum(value::bigint) AS discrepancies,
                               sum(value::bigint) FILTER (
                                   WHERE key <> 'publish_failed_unacknowledged') AS unexplained
                        FROM jsonb_each_text(t -> 'discrepancies')) found
    WHERE %(consumer_id)s::text IS NULL OR t ->> 'consumer_id' = %(consumer_id)s::text) own
