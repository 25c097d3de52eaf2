-- name: take_turn
-- One run at a time: a slower one must not put an older password over a newer one. Who comes second
-- leaves the work to the first.
SELECT pg_try_advisory_xact_lock(hashtext('banking'), hashtext('broker_admin')) AS taken

-- name: wanted
-- What each consumer's user should be. No hash: there should be no such user. From a recovery's reading of
-- the queues until the consumer's queue is made anew there is none.
SELECT a.consumer_id, a.username, c.name AS consumer_name, a.wanted_revision AS revision,
       a.applied_revision <> a.wanted_revision AS unsettled,
       CASE WHEN a.revoked_at IS NULL AND c.status = 'active' AND r.stage <> 'reading'
                 AND NOT EXISTS (SELECT FROM replay_jobs j
                                 WHERE j.consumer_id = a.consumer_id AND j.status = 'held'
                                   AND j.request_id = 'recovery ' || r.epoch)
            THEN a.password_hash END AS password_hash
FROM recovery r, broker_access a
JOIN consumers c ON c.consumer_id = a.consumer_id
ORDER BY c.status = 'active' AND a.revoked_at IS NULL, a.consumer_id

-- name: settled
UPDATE broker_access
SET applied_revision = %(revision)s, applied_at = clock_timestamp()
WHERE consumer_id = %(consumer_id)s AND applied_revision < %(revision)s

-- name: connections_seen
UPDATE broker_access a
SET connection_count = seen.connections,
    observed_at = clock_timestamp() - make_interval(secs => %(seconds_ago)s)
FROM unnest(%(usernames)s::text[], %(connections)s::integer[]) AS seen (username, connections)
WHERE a.username = seen.username
