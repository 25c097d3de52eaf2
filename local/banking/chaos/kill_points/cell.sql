-- Statements of the kill points on their own database, which bypass the functions.

-- name: redeliveries
-- The recorded number of redeliveries of each event.
SELECT event_id::text, deliver_try_count FROM customer_events WHERE deliver_try_count > 0

-- name: kept_dead_letters
SELECT event_id::text, count(*) AS dead_letters
FROM dead_letters
WHERE consumer_id = %(consumer_id)s
GROUP BY event_id

-- name: open_dead_letters
SELECT count(*) AS count
FROM dead_letters
WHERE consumer_id = %(consumer_id)s AND resolved_at IS NULL

-- name: active_keys
SELECT count(*) AS count
FROM consumer_api_keys
WHERE consumer_id = %(consumer_id)s AND api_key_status = 'active'

-- name: make_due
UPDATE consumer_api_keys SET expires_at = clock_timestamp() - interval '1 second'
WHERE consumer_id = %(consumer_id)s

-- name: consumer
SELECT consumer_id::text FROM consumers WHERE name = %(name)s

-- name: end_onboarding_lease
-- As if the times of a dead worker's lease and of the next try were over.
UPDATE onboardings
SET worker_id = NULL, lease_until = NULL, look_at = NULL
WHERE consumer_name = %(name)s

-- name: consumer_created
SELECT publish_status
FROM customer_events
WHERE event_type = 'consumer_created' AND payload_json ->> 'consumer_name' = %(name)s

-- name: make_old
UPDATE idempotency_keys SET created_at = created_at - interval '2 days'
WHERE consumer_id = %(consumer_id)s AND idempotency_key = ANY (%(keys)s)

-- name: write_old_audit
INSERT INTO audit_log (created_at, request_id, consumer_id, action, status_code, reason)
SELECT clock_timestamp() - interval '2 years', 'kill-point', %(consumer_id)s, 'GET /', 401, 'old'
FROM generate_series(1, %(rows)s)

-- name: left_by_purge
SELECT (SELECT count(*) FROM idempotency_keys WHERE consumer_id = %(consumer_id)s) AS keys,
       (SELECT count(*) FROM audit_log
        WHERE consumer_id = %(consumer_id)s AND request_id = 'kill-point') AS audit_rows

-- name: table
SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename = %(name)s

-- name: history
SELECT name FROM migration_history ORDER BY applied_at

-- name: waiting_migrators
SELECT pid
FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'fintegrate-migrate'
  AND wait_event_type = 'Lock'

-- name: standing_still
SELECT pid
FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'fintegrate'
  AND wait_event_type = 'Lock'

-- name: end_standing_still
SELECT pg_terminate_backend(pid)
FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'fintegrate'
  AND wait_event_type = 'Lock'

-- name: under_way
SELECT pid
FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'fintegrate' AND state = 'active'

-- name: hold_event
SELECT FROM customer_events WHERE event_id = %(event_id)s FOR UPDATE

-- name: hold_customer
SELECT FROM customers WHERE customer_id = %(customer_id)s FOR UPDATE

-- name: same_receipt
-- Waits briefly for a transaction that has inserted the same receipt and not committed it.
SET LOCAL lock_timeout = '300ms';
INSERT INTO consumer_event_receipts
    (consumer_id, event_id, customer_id, event_type, processing_status)
SELECT consumer_id, event_id, customer_id, event_type, 'processed'
FROM customer_events
WHERE event_id = %(event_id)s

-- name: observe_empty_queue
-- As if the broker had just said that the queue is empty: redeliver then sends again what it held.
INSERT INTO queue_observations (consumer_id, present, ready, unacknowledged, consumers, observed_at)
VALUES (%(consumer_id)s, true, 0, 0, 0, clock_timestamp())
ON CONFLICT (consumer_id) DO UPDATE
    SET ready = 0, unacknowledged = 0, observed_at = clock_timestamp()

-- name: end_replay_lease
-- As if the time of a dead worker's lease were over.
UPDATE replays SET lease_until = clock_timestamp() WHERE job_id = %(job_id)s AND lease_until IS NOT NULL

-- name: end_webhook_leases
-- As if the time of a dead worker's leases were over, and that of the waits.
WITH turns AS (
    UPDATE webhook_turns
    SET lease_until = clock_timestamp(), next_attempt_at = clock_timestamp()
    WHERE consumer_id = %(consumer_id)s
), copies AS (
    UPDATE webhook_copies SET due_at = clock_timestamp() WHERE consumer_id = %(consumer_id)s
)
UPDATE webhooks SET open_until = NULL WHERE consumer_id = %(consumer_id)s

-- name: uncalled
-- What a bank that is called has not settled, and copies for it.
SELECT (SELECT count(*) FROM webhook_copies WHERE consumer_id = %(consumer_id)s) + count(*) AS count
FROM customer_events
WHERE consumer_id = %(consumer_id)s
  AND (publish_status = 'pending' OR publish_status = 'published' AND deliver_status = 'pending')

-- name: fail_newest
-- As if each customer's newest event had been refused ten times and had not reached the queue.
UPDATE customer_events
SET publish_status = 'failed', published_at = NULL, publish_try_count = 10,
    publish_failure_reason = 'NO_ROUTE'
WHERE consumer_id = %(consumer_id)s AND sequence = 3
