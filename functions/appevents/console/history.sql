-- What happened in each minute, from indexes of times: the newest rows, so many at most. The operators' own: the
-- events of all users.

-- name: committed
SELECT date_trunc('minute', received_at) AS minute, event_type, count(*) AS seen, count(*) AS events,
       count(*) FILTER (WHERE received_at >= %(recent)s) AS recent
FROM (SELECT received_at, event_type
      FROM events
      WHERE received_at >= %(begin_at)s AND received_at < %(end_at)s
      ORDER BY received_at DESC
      LIMIT %(most)s) newest
GROUP BY 1, 2

-- name: settled
-- The keys of the outcomes that were written down; what the function of outcomes itself refused is none.
SELECT date_trunc('minute', processed_at) AS minute, event_type, count(*) AS seen,
       count(*) FILTER (WHERE outcome = 'processed') AS events,
       count(*) FILTER (WHERE outcome = 'processed' AND processed_at >= %(recent)s) AS recent
FROM (SELECT processed_at, event_type, outcome
      FROM idempotency_keys
      WHERE processed_at >= %(begin_at)s AND processed_at < %(end_at)s
      ORDER BY processed_at DESC
      LIMIT %(most)s) newest
GROUP BY 1, 2

-- name: lag
-- From acceptance to outcome, of the newest events of a quarter of an hour.
SELECT stream.name AS stream,
       (percentile_cont(0.95) WITHIN GROUP (
            ORDER BY greatest(0, extract(epoch FROM newest.outcome_at - newest.received_at)))
        * 1000)::bigint AS lag_p95_ms
FROM (SELECT event_type, received_at, outcome_at
      FROM events
      WHERE received_at >= %(at)s::timestamptz - interval '15 minutes'
      ORDER BY received_at DESC
      LIMIT %(most_lags)s) newest
JOIN unnest(%(types)s::text[], %(streams)s::text[]) AS stream (event_type, name)
  ON stream.event_type = newest.event_type
WHERE newest.outcome_at IS NOT NULL
GROUP BY stream.name
