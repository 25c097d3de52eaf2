-- Events and dead letters past their retention, as in purge.sql. An event without an outcome stays.

-- name: event_secrets
-- The sealed fields of events whose day is over, settled or not, and of their outcomes.
WITH old AS (
    SELECT id
    FROM events
    WHERE erase_at <= clock_timestamp()
    ORDER BY erase_at
    LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
), gone AS (
    UPDATE events e
    SET payload = (e.payload::jsonb - %(secret_fields)s::text[])::json,
        outcome_data = (e.outcome_data::jsonb - %(secret_fields)s::text[])::json, erase_at = NULL
    FROM old
    WHERE e.id = old.id
    RETURNING 1
)
SELECT count(*) AS count FROM gone

-- name: payloads
WITH old AS (
    SELECT id
    FROM events
    WHERE payload IS NOT NULL AND outcome_status IS NOT NULL
      AND outcome_at < clock_timestamp() - make_interval(hours => %(payload_hours)s)
    ORDER BY outcome_at
    LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
), gone AS (
    UPDATE events e SET payload = NULL FROM old WHERE e.id = old.id RETURNING 1
)
SELECT count(*) AS count FROM gone

-- name: dead_letter_bodies
-- Those of events that were settled.
WITH old AS (
    SELECT d.dead_letter_id
    FROM dead_letters d
    JOIN events e ON e.user_id = d.user_id AND e.client_generated_id = d.client_generated_id
    WHERE d.body IS NOT NULL AND e.outcome_status IS NOT NULL
      AND greatest(e.outcome_at, d.taken_at)
          < clock_timestamp() - make_interval(hours => %(payload_hours)s)
    LIMIT %(batch)s
    FOR UPDATE OF d SKIP LOCKED
), gone AS (
    UPDATE dead_letters d
    SET body = NULL, headers = '{}'
    FROM old
    WHERE d.dead_letter_id = old.dead_letter_id
    RETURNING 1
)
SELECT count(*) AS count FROM gone

-- name: dead_letter_secrets
-- Also of events that nobody accepted here: their secrets may be plain.
WITH old AS (
    SELECT dead_letter_id
    FROM dead_letters
    WHERE body IS NOT NULL AND event_type = ANY (%(secret_types)s::text[])
      AND taken_at <= clock_timestamp() - make_interval(secs => %(secret_seconds)s)
    LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
), gone AS (
    UPDATE dead_letters d
    SET body = NULL, headers = '{}'
    FROM old
    WHERE d.dead_letter_id = old.dead_letter_id
    RETURNING 1
)
SELECT count(*) AS count FROM gone

-- name: events
WITH old AS (
    SELECT id
    FROM events
    WHERE outcome_status IS NOT NULL
      AND received_at < clock_timestamp() - make_interval(days => %(event_days)s)
    ORDER BY received_at
    LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM events e USING old WHERE e.id = old.id RETURNING 1
)
SELECT count(*) AS count FROM gone

-- name: dead_letters
WITH old AS (
    SELECT dead_letter_id
    FROM dead_letters
    WHERE taken_at < clock_timestamp() - make_interval(days => %(event_days)s)
    ORDER BY taken_at
    LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM dead_letters d USING old WHERE d.dead_letter_id = old.dead_letter_id RETURNING 1
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
