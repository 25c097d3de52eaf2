-- Rows past their retention. Each statement takes one batch, oldest first, so that transactions stay small. Nothing
-- that is pending is touched. Rows locked by another run are skipped.

-- name: user_data
-- The event stays, without the person.
WITH old AS (
    SELECT e.id
    FROM marketing_events e
    WHERE (e.match_keys IS NOT NULL OR e.private_encrypted IS NOT NULL)
      AND e.created_at < now() - make_interval(days => %(user_data_days)s)
      AND NOT EXISTS (SELECT FROM event_deliveries d WHERE d.event = e.id AND d.status = 'pending')
    ORDER BY e.created_at
    LIMIT %(batch)s
    FOR UPDATE OF e SKIP LOCKED
), gone AS (
    UPDATE marketing_events e
    SET match_keys = NULL, private_encrypted = NULL, key_id = NULL
    FROM old
    WHERE e.id = old.id
    RETURNING 1
)
SELECT count(*) AS count FROM gone

-- name: attempts
-- Attempts never change, so nothing is locked.
WITH gone AS (
    DELETE FROM event_attempts
    WHERE id = ANY (ARRAY(
        SELECT a.id
        FROM event_attempts a
        WHERE a.created_at < now() - make_interval(days => %(attempt_days)s)
          AND NOT EXISTS (SELECT FROM event_deliveries d
                          WHERE d.event = a.event AND d.lane_id = a.lane_id AND d.status = 'pending')
        ORDER BY a.created_at
        LIMIT %(batch)s))
    RETURNING 1
)
SELECT count(*) AS count FROM gone

-- name: events
-- With their deliveries and attempts. A row that waits for the intake is pending, too; one that the order system
-- itself calls unresolved has no reason and does not wait.
WITH old AS (
    SELECT e.id
    FROM marketing_events e
    WHERE e.created_at < now() - make_interval(days => %(event_days)s)
      AND e.status IS DISTINCT FROM 'pending'
      AND (e.status IS DISTINCT FROM 'unresolved' OR e.status_reason IS NULL)
      AND NOT EXISTS (SELECT FROM event_deliveries d WHERE d.event = e.id AND d.status = 'pending')
    ORDER BY e.created_at
    LIMIT %(batch)s
    FOR UPDATE OF e SKIP LOCKED
), attempts AS (
    DELETE FROM event_attempts a USING old WHERE a.event = old.id
), deliveries AS (
    DELETE FROM event_deliveries d USING old WHERE d.event = old.id
), gone AS (
    DELETE FROM marketing_events e USING old WHERE e.id = old.id RETURNING 1
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
