-- The statements of the layer's endpoints for banking's tables, whose owner is a consumer.

-- name: write_audit
INSERT INTO audit_log (request_id, consumer_id, key_id, action, status_code, reason, source_ip, actor,
                       session_id, subject_consumer_id, details)
VALUES (%(request_id)s, %(owner_id)s, %(key_id)s, %(action)s, %(status_code)s, %(reason)s,
        %(source_ip)s, %(actor)s, %(session_id)s, %(subject_owner_id)s, %(details)s::jsonb)

-- Keys are per consumer. A key older than 24 hours counts as absent and is reused.

-- name: reserve_key
-- Waits while another request with the same key is in flight. Returns no row if that one committed.
INSERT INTO idempotency_keys AS stored (consumer_id, idempotency_key, request_hash)
VALUES (%(owner_id)s, %(key)s, %(request_hash)s)
ON CONFLICT (consumer_id, idempotency_key) DO UPDATE
    SET request_hash = excluded.request_hash, response_status = NULL, response_json = NULL,
        created_at = clock_timestamp()
    WHERE stored.created_at < clock_timestamp() - interval '24 hours'
RETURNING request_hash

-- name: stored_answer
SELECT request_hash, response_status, response_json
FROM idempotency_keys
WHERE consumer_id = %(owner_id)s AND idempotency_key = %(key)s

-- name: store_answer
UPDATE idempotency_keys
SET response_status = %(status)s, response_json = %(data)s::json
WHERE consumer_id = %(owner_id)s AND idempotency_key = %(key)s
