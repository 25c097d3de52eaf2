-- Rows of every service past their retention. Each statement takes one batch, oldest first. Rows locked by
-- another run are skipped.

-- name: idempotency_keys
WITH old AS (
    SELECT user_id, client_generated_id
    FROM idempotency_keys
    WHERE processed_at < clock_timestamp() - make_interval(days => %(key_days)s)
    ORDER BY processed_at
    LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM idempotency_keys k USING old
    WHERE k.user_id = old.user_id AND k.client_generated_id = old.client_generated_id
    RETURNING 1
)
SELECT count(*) AS count FROM gone

-- name: outbox
WITH old AS (
    SELECT id
    FROM outbox
    WHERE publish_status = 'published'
      AND published_at < clock_timestamp() - make_interval(days => %(outbox_days)s)
    ORDER BY published_at
    LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM outbox o USING old WHERE o.id = old.id RETURNING 1
)
SELECT count(*) AS count FROM gone

-- name: outbox_secrets
-- The sealed fields of events of a day ago, published or not: also of rows that the broker has had for less
-- than a day.
WITH old AS (
    SELECT id
    FROM outbox
    WHERE event_type = ANY (%(secret_types)s::text[])
      AND created_at <= clock_timestamp() - make_interval(secs => %(secret_seconds)s)
      AND data::jsonb ?| %(secret_fields)s::text[]
    ORDER BY id
    LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
), gone AS (
    UPDATE outbox o
    SET data = (o.data::jsonb - %(secret_fields)s::text[])::json
    FROM old
    WHERE o.id = old.id
    RETURNING 1
)
SELECT count(*) AS count FROM gone

-- name: inbox_attempts
-- Of functions that ended without telling. A message that comes again is noted anew.
WITH old AS (
    SELECT message
    FROM inbox_attempts
    WHERE begun_at < clock_timestamp() - make_interval(days => %(attempt_days)s)
    LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM inbox_attempts a USING old WHERE a.message = old.message RETURNING 1
)
SELECT count(*) AS count FROM gone
