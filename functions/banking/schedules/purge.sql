-- What is kept for a time only. Each statement deletes one batch, oldest first, so that no
-- transaction is huge; what another run holds is skipped. The rows are found again by their place
-- (ctid), which their lock keeps.

-- name: idempotency_keys
-- The 24 hours are the promise to the caller; an older key already counts as absent.
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
-- By their last change. The event itself keeps what became of it.
WITH gone AS (
    DELETE FROM consumer_event_receipts
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM consumer_event_receipts
        WHERE updated_at < clock_timestamp() - make_interval(days => %(receipt_days)s)
        ORDER BY updated_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED))
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
