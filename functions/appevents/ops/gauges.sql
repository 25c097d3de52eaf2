-- The operators' gauges, of all users' events.

-- name: unsettled
SELECT count(*) FILTER (WHERE age < interval '1 minute') AS under_1m,
       count(*) FILTER (WHERE age >= interval '1 minute' AND age < interval '10 minutes') AS under_10m,
       count(*) FILTER (WHERE age >= interval '10 minutes' AND age < interval '1 hour') AS under_1h,
       count(*) FILTER (WHERE age >= interval '1 hour' AND age < interval '1 day') AS under_1d,
       count(*) FILTER (WHERE age >= interval '1 day') AS older,
       coalesce(extract(epoch FROM max(age)), 0)::float AS oldest
FROM (SELECT clock_timestamp() - received_at AS age FROM events WHERE outcome_status IS NULL) AS unsettled

-- name: pending
SELECT count(*) AS count FROM events WHERE publish_status = 'pending'

-- name: dead_letters
SELECT service, count(*) AS count FROM dead_letters WHERE redriven_at IS NULL GROUP BY service
