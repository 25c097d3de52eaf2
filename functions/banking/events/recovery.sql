-- Recoveries: what is to be done after a backup was restored. The operator's statements, for all tenants.

-- name: lock
SELECT epoch, stage, suspicion, backup_at, began_at FROM recovery FOR UPDATE

-- name: begin
-- Another witness: the beats of before the restore say nothing any more.
UPDATE recovery
SET epoch = %(epoch)s, stage = 'begun', backup_at = %(backup_at)s, began_at = clock_timestamp(),
    reason = %(reason)s, suspicion = NULL, beats = 0, witness = gen_random_uuid()
RETURNING epoch, stage, backup_at, began_at

-- name: hold_access
-- While the queues are read, no bank has access to the broker: see `wanted` in administration.sql.
WITH held AS (UPDATE recovery SET stage = 'reading')
UPDATE broker_access SET wanted_revision = wanted_revision + 1 WHERE revoked_at IS NULL

-- name: unsettled
SELECT count(*) AS count FROM broker_access WHERE applied_revision <> wanted_revision

-- name: consumers
SELECT consumer_id, name FROM consumers ORDER BY name

-- name: keep_lost
INSERT INTO lost_events (event_id, consumer_id, customer_id, sequence, event_type, epoch)
SELECT held.*, %(epoch)s
FROM (SELECT event_id, %(consumer_id)s::uuid, customer_id, sequence, event_type
      FROM unnest(%(event_ids)s::uuid[], %(customer_ids)s::uuid[], %(sequences)s::bigint[],
                  %(event_types)s::text[])
               AS held (event_id, customer_id, sequence, event_type)) AS held
WHERE NOT EXISTS (SELECT FROM customer_events e WHERE e.event_id = held.event_id)
ON CONFLICT DO NOTHING

-- name: end_rewinds
-- Those of the backup: the recovery's own do more.
UPDATE replay_jobs
SET status = 'done', until_at = coalesce(until_at, clock_timestamp()),
    finished_at = clock_timestamp(), updated_at = clock_timestamp(), waits_for = NULL
WHERE status <> 'done'

-- name: begin_rewinds
-- One of each bank, from its first event. No caller's request id has a space. Who has left has no queue any more.
INSERT INTO replay_jobs (consumer_id, from_at, include_processed, reason, request_id)
SELECT c.consumer_id,
       least(c.created_at, (SELECT min(e.created_at) FROM customer_events e
                            WHERE e.consumer_id = c.consumer_id)),
       true, %(reason)s, 'recovery ' || %(epoch)s
FROM consumers c
WHERE NOT has_left(c.consumer_id)

-- name: give_access_back
-- To each bank when its queue has been made anew: see `wanted` in administration.sql.
WITH done AS (UPDATE recovery SET stage = 'rewinding')
UPDATE broker_access SET wanted_revision = wanted_revision + 1 WHERE revoked_at IS NULL

-- name: lost
SELECT c.name AS consumer, l.event_id, l.customer_id, l.sequence, l.event_type,
       count(*) OVER () AS total
FROM lost_events l
JOIN consumers c ON c.consumer_id = l.consumer_id
WHERE l.epoch = %(epoch)s
ORDER BY c.name, l.customer_id, l.sequence
LIMIT %(most)s

-- name: beat
UPDATE recovery SET beats = beats + 1
RETURNING beats, epoch, witness, current_database() AS database

-- name: lost_beats
-- Asked again of the row as it is: a run that overlaps may have beaten since.
UPDATE recovery SET suspicion = %(said)s
WHERE suspicion IS NULL AND witness = %(witness)s AND beats < %(below)s

-- name: lost_epoch
UPDATE recovery SET suspicion = %(said)s WHERE suspicion IS NULL AND epoch < %(epoch)s

-- name: lost_revocation
-- Unless a recovery has seen the record meanwhile.
UPDATE recovery SET suspicion = %(said)s WHERE suspicion IS NULL AND record_version < %(version)s
