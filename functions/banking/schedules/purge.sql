-- Rows past their retention. Each statement deletes one batch, oldest first, so that transactions stay
-- small. Rows locked by another run are skipped. The lock keeps a row's place (ctid), by which DELETE
-- finds it.

-- name: idempotency_keys
-- The caller was promised 24 hours. An older key already counts as absent.
WITH gone AS (
    DELETE FROM idempotency_keys
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM idempotency_keys
        WHERE created_at < clock_timestamp() - interval '24 hours'
        ORDER BY created_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED))
    RETURNING 1
)
SELECT count(*) AS count FROM gone

-- name: receipts
-- By their last change. The event itself keeps the result.
WITH gone AS (
    DELETE FROM consumer_event_receipts
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM consumer_event_receipts
        WHERE updated_at < clock_timestamp() - make_interval(days => %(receipt_days)s)
        ORDER BY updated_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED))
    RETURNING 1
)
SELECT count(*) AS count FROM gone

-- name: attempts
-- Nothing is locked, as with dead letters: rows never change, so each keeps its place.
WITH gone AS (
    DELETE FROM event_attempts
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM event_attempts
        WHERE at < clock_timestamp() - make_interval(days => %(receipt_days)s)
        ORDER BY at LIMIT %(batch)s))
    RETURNING 1
)
SELECT count(*) AS count FROM gone

-- name: audit_rows
WITH gone AS (
    DELETE FROM audit_log
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM audit_log
        WHERE created_at < clock_timestamp() - make_interval(days => %(audit_days)s)
        ORDER BY created_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED))
    RETURNING 1
)
SELECT count(*) AS count FROM gone

-- name: console_sessions
-- For a day after its end at the latest a session is told apart from one that never was.
WITH gone AS (
    DELETE FROM console_sessions
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM console_sessions
        WHERE expires_at < clock_timestamp() - interval '24 hours'
        ORDER BY expires_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED))
    RETURNING 1
)
SELECT count(*) AS count FROM gone

-- name: replays
-- Finished ones whose confirmations are counted: nothing writes to them any more.
WITH gone AS (
    DELETE FROM replays
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM replays
        WHERE is_counted
          AND finished_at < clock_timestamp() - make_interval(days => %(receipt_days)s)
        ORDER BY finished_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED))
    RETURNING 1
)
SELECT count(*) AS count FROM gone

-- name: dead_letters
-- But those of a failed event: they say why it failed, and the ledger asks for them. The event is looked up
-- row by row, so that no plan reads all events. Nothing is locked: who deletes a letter twice does no harm.
WITH gone AS (
    DELETE FROM dead_letters
    WHERE dead_letter_id = ANY (ARRAY(
        SELECT d.dead_letter_id FROM dead_letters d
        WHERE d.created_at < clock_timestamp() - make_interval(days => %(letter_days)s)
          AND (SELECT e.deliver_status FROM customer_events e WHERE e.event_id = d.event_id)
              IS DISTINCT FROM 'failed'
        ORDER BY d.created_at LIMIT %(batch)s))
    RETURNING 1
)
SELECT count(*) AS count FROM gone
