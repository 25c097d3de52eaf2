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

-- name: left_of_person
SELECT (SELECT count(*) FROM customers WHERE customer_id = %(customer_id)s) AS customers,
       (SELECT count(*) FROM customer_events WHERE payload_json::text LIKE %(words)s) AS words,
       (SELECT array_agg(sequence ORDER BY sequence) FROM customer_events
        WHERE customer_id = %(customer_id)s) AS sequences,
       (SELECT event_count FROM erasures
        WHERE customer_id = %(customer_id)s AND finished_at IS NOT NULL) AS event_count

-- name: left_of_bank
SELECT (SELECT count(*) FROM customer_events
        WHERE consumer_id = %(consumer_id)s
          AND (payload_json::text LIKE %(words)s OR payload_json ->> 'name' = 'Old')) AS persons,
       (SELECT count(*) FROM customers WHERE consumer_id = %(consumer_id)s) AS customers,
       (SELECT count(*) FROM archives
        WHERE consumer_id = %(consumer_id)s AND erased_at IS NULL) AS archives,
       (SELECT count(*) FROM exports
        WHERE consumer_id = %(consumer_id)s AND status <> 'removed') AS exports

-- name: end_export_lease
UPDATE exports SET lease_until = clock_timestamp()
WHERE consumer_id = %(consumer_id)s AND lease_until IS NOT NULL

-- name: exported
SELECT number, kind, object_key, sha256
FROM export_files
WHERE export_id = %(export_id)s AND written_at IS NOT NULL
ORDER BY number

-- name: end_offboarding_time
UPDATE offboardings SET due_at = clock_timestamp() WHERE consumer_id = %(consumer_id)s

-- name: stored_keys
SELECT f.object_key AS key
FROM export_files f
JOIN exports e ON e.export_id = f.export_id
WHERE e.consumer_id = %(consumer_id)s
UNION ALL
SELECT manifest_key FROM exports WHERE consumer_id = %(consumer_id)s
UNION ALL
SELECT object_key FROM archives WHERE consumer_id = %(consumer_id)s

-- name: archived_files
SELECT object_key
FROM archives
WHERE consumer_id = %(consumer_id)s AND moved_at IS NOT NULL
ORDER BY day

-- name: archived_rows
SELECT array_agg(event_id::text) AS event_ids
FROM archived_events
WHERE consumer_id = %(consumer_id)s

-- name: write_old_events
-- Two events each of three customers, settled over a year ago.
WITH made AS (
    INSERT INTO customers (consumer_id, name, event_sequence, created_at)
    SELECT %(consumer_id)s, 'Old', 2, clock_timestamp() - interval '402 days'
    FROM generate_series(1, 3)
    RETURNING customer_id
), written AS (
    INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                                 payload_json, metadata_json, created_at, publish_status,
                                 published_at, deliver_status, delivered_at)
    SELECT %(consumer_id)s, customer_id, n,
           CASE n WHEN 1 THEN 'customer_creation' ELSE 'customer_status_change' END, 'kill point',
           jsonb_build_object('customer_id', customer_id, 'name', 'Old', 'status', 'ACTIVE'),
           jsonb_build_object('sequence', n, 'source_service', 'kill point'), at, 'published', at,
           'delivered', at
    FROM made
    CROSS JOIN generate_series(1, 2) n
    CROSS JOIN LATERAL (
        SELECT clock_timestamp() - make_interval(days => 401 - n::integer) AS at) times
    RETURNING event_id, customer_id, event_type, created_at
)
INSERT INTO consumer_event_receipts (consumer_id, event_id, customer_id, event_type, received_at,
                                     processing_status, created_at, updated_at, event_created_at)
SELECT %(consumer_id)s, event_id, customer_id, event_type, created_at, 'processed', created_at,
       created_at, created_at
FROM written

-- name: end_rewind_wait
-- As if the time of publishers that began before the rewind were over.
UPDATE replay_jobs
SET quiet_after = least(quiet_after, clock_timestamp())
WHERE consumer_id = %(consumer_id)s AND status <> 'done'

-- name: rewind_is_quiet
SELECT pg_snapshot_xmin(pg_current_snapshot()) >= quiet_xid AS quiet
FROM replay_jobs
WHERE consumer_id = %(consumer_id)s AND status <> 'done'

-- name: newest_test
SELECT outcome, message
FROM webhook_tests
WHERE consumer_id = %(consumer_id)s
ORDER BY created_at DESC
LIMIT 1

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
