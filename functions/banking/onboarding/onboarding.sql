-- Onboardings: as requests make and read them, and as the layer's saga works on them. A saga is named by the
-- consumer that it makes. Only the admin and the schedule reach these statements. An address may have a secret in its
-- query, so it goes when its saga ends.

-- name: find
-- The newest onboarding of a name, and whether there is a consumer of that name. One row.
SELECT o.*, c.consumer_id AS existing_id
FROM (SELECT %(consumer_name)s AS name) AS wanted
LEFT JOIN consumers c ON c.name = wanted.name
LEFT JOIN LATERAL (SELECT * FROM onboardings
                   WHERE consumer_name = wanted.name
                   ORDER BY created_at DESC LIMIT 1) o ON true

-- name: begin
-- No row: somebody else has begun one of this name, and this has waited for the commit.
INSERT INTO onboardings (consumer_id, consumer_name, wanted, actor, request_id)
VALUES (%(consumer_id)s, %(consumer_name)s, %(wanted)s::jsonb, %(actor)s, %(request_id)s)
ON CONFLICT (consumer_name) WHERE state IN ('running', 'ready', 'undoing') DO NOTHING
RETURNING *

-- name: give_up_by_hand
-- No row: it is finished or being undone already, or somebody works on it just now.
UPDATE onboardings
SET state = 'undoing', reason = %(reason)s, tries = 0, look_at = NULL, worker_id = NULL,
    lease_until = NULL, updated_at = clock_timestamp()
WHERE consumer_id = %(consumer_id)s AND state IN ('running', 'ready')
  AND (lease_until IS NULL OR lease_until <= clock_timestamp())
RETURNING *

-- name: read
SELECT *
FROM onboardings
WHERE consumer_id = %(consumer_id)s

-- name: list
SELECT *
FROM onboardings
WHERE (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(after_at)s::timestamptz IS NULL
       OR (created_at, consumer_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid))
ORDER BY created_at DESC, consumer_id DESC
LIMIT %(limit)s + 1

-- name: take
-- Leases one saga: that of the consumer, or the oldest one that is due. A caller does not wait for look_at.
UPDATE onboardings
SET worker_id = %(worker_id)s,
    lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
WHERE consumer_id = (SELECT consumer_id
                     FROM onboardings
                     WHERE state IN ('running', 'ready', 'undoing')
                       AND (state <> 'ready' OR %(attended)s)
                       AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
                       AND (lease_until IS NULL OR lease_until <= clock_timestamp())
                       AND (look_at IS NULL OR look_at <= clock_timestamp() OR %(attended)s)
                     ORDER BY created_at LIMIT 1
                     FOR UPDATE SKIP LOCKED)
RETURNING *

-- name: hold
-- Keeps the lease. No row, as in each statement that follows: another worker has the saga.
UPDATE onboardings
SET lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
WHERE consumer_id = %(consumer_id)s AND worker_id = %(worker_id)s
RETURNING *

-- name: note_done
UPDATE onboardings
SET state = %(state)s,
    done = done || jsonb_build_object(%(step)s::text, utc_text(clock_timestamp())),
    tries = 0, reason = NULL, look_at = NULL, updated_at = clock_timestamp(),
    finished_at = CASE WHEN %(state)s = 'done' THEN clock_timestamp() END,
    wanted = CASE WHEN %(state)s = 'done' THEN wanted - 'url' ELSE wanted END,
    worker_id = CASE WHEN %(state)s = 'running' THEN worker_id END,
    lease_until = CASE WHEN %(state)s = 'running' THEN lease_until END
WHERE consumer_id = %(consumer_id)s AND worker_id = %(worker_id)s
RETURNING *

-- name: note_undone
-- The reason stays: it says why.
UPDATE onboardings
SET state = %(state)s,
    undone = undone || jsonb_build_object(%(step)s::text, utc_text(clock_timestamp())),
    tries = 0, look_at = NULL, updated_at = clock_timestamp(),
    finished_at = CASE WHEN %(state)s = 'undone' THEN clock_timestamp() END,
    wanted = CASE WHEN %(state)s = 'undone' THEN wanted - 'url' ELSE wanted END,
    worker_id = CASE WHEN %(state)s = 'undoing' THEN worker_id END,
    lease_until = CASE WHEN %(state)s = 'undoing' THEN lease_until END
WHERE consumer_id = %(consumer_id)s AND worker_id = %(worker_id)s
RETURNING *

-- name: give_up
UPDATE onboardings
SET state = 'undoing', failed_step = %(step)s, reason = left(%(reason)s, 500), tries = 0,
    look_at = NULL, updated_at = clock_timestamp()
WHERE consumer_id = %(consumer_id)s AND worker_id = %(worker_id)s
RETURNING *

-- name: wait
-- The reason why it is undone stays; why undoing waits is in the log.
UPDATE onboardings
SET tries = %(tries)s, look_at = clock_timestamp() + make_interval(secs => %(seconds)s),
    reason = CASE WHEN state = 'undoing' THEN reason ELSE left(%(waits_for)s, 500) END,
    updated_at = clock_timestamp(), worker_id = NULL, lease_until = NULL
WHERE consumer_id = %(consumer_id)s AND worker_id = %(worker_id)s
RETURNING *

-- name: rest
UPDATE onboardings
SET state = %(state)s, updated_at = clock_timestamp(), worker_id = NULL, lease_until = NULL,
    finished_at = CASE WHEN %(state)s IN ('done', 'undone') THEN clock_timestamp() END,
    wanted = CASE WHEN %(state)s IN ('done', 'undone') THEN wanted - 'url' ELSE wanted END
WHERE consumer_id = %(consumer_id)s AND worker_id = %(worker_id)s
RETURNING *

-- name: release
UPDATE onboardings
SET worker_id = NULL, lease_until = NULL
WHERE consumer_id = %(consumer_id)s AND worker_id = %(worker_id)s
