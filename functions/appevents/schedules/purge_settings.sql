-- What is of no use any more, as in purge.sql.

-- name: feed_access_attempts
-- The tries of feeds at which nobody has tried since.
WITH old AS (
    SELECT owner_id
    FROM feed_access_attempts
    WHERE times[cardinality(times)] <= clock_timestamp() - make_interval(secs => %(tries_seconds)s)
    LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM feed_access_attempts a USING old WHERE a.owner_id = old.owner_id RETURNING 1
)
SELECT count(*) AS count FROM gone

-- name: viewer_access_attempts
-- The tries of viewers who have tried nowhere since.
WITH old AS (
    SELECT user_id
    FROM viewer_access_attempts
    WHERE times[cardinality(times)] <= clock_timestamp() - make_interval(secs => %(tries_seconds)s)
    LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM viewer_access_attempts a USING old WHERE a.user_id = old.user_id RETURNING 1
)
SELECT count(*) AS count FROM gone
