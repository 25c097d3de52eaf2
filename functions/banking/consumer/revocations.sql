-- name: take_turn
-- One writer at a time: the record cannot compare before it writes. The row first, because a recovery has it
-- already. The second lock is that of code from before the record had versions.
WITH turn AS MATERIALIZED (SELECT epoch, record_version FROM recovery FOR UPDATE)
SELECT epoch, record_version, pg_advisory_xact_lock(hashtext('banking'), hashtext('revocations'))
FROM turn

-- name: note_version
UPDATE recovery SET record_version = %(version)s WHERE record_version < %(version)s

-- name: marks
-- Of each consumer in microseconds, 0 for never: its revoked keys were made until then, its last access to
-- the broker was made or taken away then, and it was deactivated then. Nobody has a secret of a consumer whose
-- onboarding is not done; what is undone leaves no mark.
SELECT c.consumer_id,
       ARRAY[(extract(epoch FROM coalesce(k.made_until, 'epoch')) * 1000000)::bigint,
             (extract(epoch FROM coalesce(a.revoked_at, a.made_at, 'epoch')) * 1000000)::bigint,
             CASE WHEN c.status = 'active' THEN 0
                  ELSE (extract(epoch FROM c.updated_at) * 1000000)::bigint END] AS marks
FROM consumers c
LEFT JOIN (SELECT consumer_id, max(created_at) AS made_until
           FROM consumer_api_keys
           WHERE api_key_status = 'deactivated' OR replaced_at IS NOT NULL
           GROUP BY consumer_id) k USING (consumer_id)
LEFT JOIN broker_access a USING (consumer_id)
WHERE NOT EXISTS (SELECT FROM onboardings o
                  WHERE o.consumer_id = c.consumer_id AND o.state <> 'done')

-- name: end_keys
-- What was revoked, and what was issued or replaced after the backup. The admin's key is the migration
-- step's: only the record ends it.
UPDATE consumer_api_keys k
SET api_key_status = 'deactivated', updated_at = clock_timestamp()
WHERE k.api_key_status = 'active'
  AND (EXISTS (SELECT FROM unnest(%(ids)s::uuid[], %(keys)s::bigint[]) AS mark (consumer_id, until)
               WHERE mark.consumer_id = k.consumer_id
                 AND extract(epoch FROM k.created_at) * 1000000 <= mark.until)
       OR (k.consumer_id <> %(admin_id)s AND k.created_at < %(began_at)s
           AND greatest(k.created_at, k.replaced_at) > %(backup_at)s))

-- name: end_sessions
-- The backup has them as they were: nobody knows who signed out since.
UPDATE console_sessions
SET ended_at = clock_timestamp()
WHERE ended_at IS NULL AND created_at < %(began_at)s

-- name: end_accesses
UPDATE broker_access a
SET password_hash = NULL, revoked_at = clock_timestamp(), wanted_revision = wanted_revision + 1
WHERE a.revoked_at IS NULL AND a.made_at < %(began_at)s
  AND (a.made_at > %(backup_at)s
       OR EXISTS (SELECT FROM unnest(%(ids)s::uuid[], %(accesses)s::bigint[]) AS mark (consumer_id, at)
                  WHERE mark.consumer_id = a.consumer_id
                    AND extract(epoch FROM a.made_at) * 1000000 < mark.at))

-- name: deactivate_consumers
-- Only what was deactivated after the backup: before it, the backup knows better.
UPDATE consumers c
SET status = 'deactivated', updated_at = greatest(clock_timestamp(), updated_at)
FROM unnest(%(ids)s::uuid[], %(consumers)s::bigint[]) AS mark (consumer_id, at)
WHERE mark.consumer_id = c.consumer_id AND c.consumer_id <> %(admin_id)s AND c.status = 'active'
  AND c.updated_at < %(began_at)s
  AND mark.at > extract(epoch FROM %(backup_at)s::timestamptz) * 1000000
