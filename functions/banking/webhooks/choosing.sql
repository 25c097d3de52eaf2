-- How a bank gets its events: chosen, read, its secret replaced, tried.

-- name: hold_births
-- Waits for every request that is writing an event of this consumer, and keeps others from it until the commit: see
-- takes_webhooks in schema.sql. The next statement sees all that was written.
SELECT pg_advisory_xact_lock(8, hashtext(%(consumer_id)s))

-- name: read_kind
SELECT c.name, w.consumer_id IS NOT NULL AS has_webhook,
       EXISTS (SELECT FROM onboardings o
               WHERE o.consumer_id = c.consumer_id
                 AND o.state IN ('running', 'ready', 'undoing')) AS in_onboarding,
       EXISTS (SELECT FROM customer_events e
               WHERE e.consumer_id = c.consumer_id AND e.publish_status = 'pending') AS waits,
       EXISTS (SELECT FROM customer_events e
               WHERE e.consumer_id = c.consumer_id AND e.publish_status = 'published'
                 AND e.deliver_status = 'pending') AS unconfirmed,
       EXISTS (SELECT FROM replay_jobs j
               WHERE j.consumer_id = c.consumer_id AND j.status <> 'done')
       OR EXISTS (SELECT FROM replays r
                  WHERE r.consumer_id = c.consumer_id
                    AND r.status IN ('queued', 'running', 'paused')) AS is_replayed
FROM consumers c
LEFT JOIN webhooks w ON w.consumer_id = c.consumer_id
WHERE c.consumer_id = %(consumer_id)s

-- name: lock_lane
-- No claim is under way after it: the next statement sees every lease.
SELECT FROM webhooks WHERE consumer_id = %(consumer_id)s FOR UPDATE

-- name: begin
-- Its queue gets nothing more, so it refuses nothing.
WITH pause AS (DELETE FROM publishing_pauses WHERE consumer_id = %(consumer_id)s)
INSERT INTO webhooks (consumer_id, url, max_in_flight, timeout_seconds, secret_seeds)
VALUES (%(consumer_id)s, %(url)s, %(max_in_flight)s, %(timeout_seconds)s, ARRAY[%(seed)s])

-- name: configure
-- Another configuration is tried at once, with a probe if the lane was closed.
UPDATE webhooks
SET url = %(url)s, max_in_flight = %(max_in_flight)s, timeout_seconds = %(timeout_seconds)s,
    configured_at = clock_timestamp(), open_until = NULL
WHERE consumer_id = %(consumer_id)s

-- name: end
-- Its secrets go at once. What is under way writes nothing back, because its turn is gone. calls_end: no call lasts
-- longer, because none goes on after its lease.
WITH turns AS (DELETE FROM webhook_turns WHERE consumer_id = %(consumer_id)s RETURNING lease_until),
     copies AS (DELETE FROM webhook_copies WHERE consumer_id = %(consumer_id)s),
     tests AS (DELETE FROM webhook_tests WHERE consumer_id = %(consumer_id)s)
DELETE FROM webhooks WHERE consumer_id = %(consumer_id)s
RETURNING (SELECT max(lease_until) FROM turns) AS calls_end

-- name: rotate
UPDATE webhooks
SET secret_seeds = ARRAY[%(seed)s, secret_seeds[1]], secret_made_at = clock_timestamp(),
    former_until = clock_timestamp() + make_interval(secs => %(both_sign_seconds)s),
    configured_at = clock_timestamp(), open_until = NULL
WHERE consumer_id = %(consumer_id)s
RETURNING former_until

-- name: read
SELECT c.consumer_id, CASE WHEN w.consumer_id IS NULL THEN 'queue' ELSE 'webhook' END AS delivery,
       w.url, w.max_in_flight, w.timeout_seconds, w.secret_made_at,
       CASE WHEN w.former_until > clock_timestamp() THEN w.former_until END AS former_secret_until,
       w.state, w.reason, w.since, nullif(w.open_until, 'infinity') AS next_try_at,
       w.last_delivered_at,
       CASE WHEN w.consumer_id IS NOT NULL THEN
           (SELECT least(count(*), w.max_in_flight) FROM webhook_turns t
            WHERE t.consumer_id = c.consumer_id AND t.lease_until > clock_timestamp())
       END AS in_flight_count
FROM consumers c
LEFT JOIN webhooks w ON w.consumer_id = c.consumer_id
WHERE c.consumer_id = %(consumer_id)s

-- name: ask_test
-- Nobody waits for those of before any more.
WITH old AS (
    DELETE FROM webhook_tests
    WHERE consumer_id = %(consumer_id)s AND created_at < clock_timestamp() - interval '1 day')
INSERT INTO webhook_tests (consumer_id)
SELECT consumer_id FROM webhooks WHERE consumer_id = %(consumer_id)s
RETURNING test_id

-- name: read_test
SELECT outcome, message, http_status, duration_ms
FROM webhook_tests
WHERE test_id = %(test_id)s AND consumer_id = %(consumer_id)s AND answered_at IS NOT NULL
