-- The end of offboardings: what is erased when their time is over. Statements go by a bank that `due` has found.

-- name: due
-- Those whose time is over, and those that have begun to end. Who is active is erased by no clock.
UPDATE offboardings o
SET status = 'ending', updated_at = clock_timestamp()
FROM consumers c
WHERE c.consumer_id = o.consumer_id AND c.status <> 'active'
  AND (o.status = 'ending' OR (o.status = 'waiting' AND o.due_at <= %(now)s))
RETURNING o.offboarding_id, o.consumer_id, c.name AS consumer_name, o.reason, o.key_id, o.actor,
          o.request_id

-- name: pause
-- For good: its queue is deleted, and nobody may declare it again to publish what is left.
INSERT INTO publishing_pauses (consumer_id, probe_at, reason)
VALUES (%(consumer_id)s, '9999-12-31 00:00:00+00', 'the bank was offboarded')
ON CONFLICT (consumer_id) DO UPDATE SET probe_at = excluded.probe_at, reason = excluded.reason

-- name: end_rewinds
-- Whoever works on one has the lock that the deletion of the queues asks for.
UPDATE replay_jobs
SET status = 'done', until_at = coalesce(until_at, clock_timestamp()),
    finished_at = clock_timestamp(), updated_at = clock_timestamp(), waits_for = NULL
WHERE consumer_id = %(consumer_id)s AND status <> 'done'

-- name: cancel_replays
UPDATE replays
SET status = 'cancelled', finished_at = clock_timestamp(), updated_at = clock_timestamp(),
    waits_for = NULL, look_at = NULL, worker_id = NULL, lease_until = NULL, per_second_now = 0
WHERE consumer_id = %(consumer_id)s AND status IN ('queued', 'running', 'paused')

-- name: customers
SELECT customer_id, NULL::timestamptz AS erased_at, created_at AS at, customer_id AS id
FROM customers
WHERE consumer_id = %(consumer_id)s
  AND (%(after_at)s::timestamptz IS NULL
       OR (created_at, customer_id) > (%(after_at)s, %(after_id)s::uuid))
ORDER BY created_at, customer_id
LIMIT %(limit)s

-- name: deleted_customers
-- Those that were deleted, now or before. A page has erased ones, too, so that it reads no more than a page.
SELECT e.customer_id, (SELECT x.finished_at FROM erasures x
                       WHERE x.customer_id = e.customer_id) AS erased_at,
       e.created_at AS at, e.event_id AS id
FROM customer_events e
WHERE e.consumer_id = %(consumer_id)s AND e.event_type = 'customer_deletion'
  AND (%(after_at)s::timestamptz IS NULL
       OR (e.created_at, e.event_id) > (%(after_at)s, %(after_id)s::uuid))
ORDER BY e.created_at, e.event_id
LIMIT %(limit)s

-- name: archived_customers
-- Those whose deletion is archived.
SELECT a.customer_id, (SELECT x.finished_at FROM erasures x
                       WHERE x.customer_id = a.customer_id) AS erased_at,
       a.created_at AS at, a.customer_id AS id
FROM archived_events a
WHERE a.consumer_id = %(consumer_id)s AND a.event_type = 'customer_deletion'
  AND (%(after_id)s::uuid IS NULL OR a.customer_id > %(after_id)s::uuid)
ORDER BY a.customer_id
LIMIT %(limit)s

-- name: count_erased
UPDATE offboardings
SET erased_count = erased_count + 1, updated_at = clock_timestamp()
WHERE offboarding_id = %(offboarding_id)s

-- name: give_up_archives
-- Files whose events are not moved. Who writes one now may do so until it notices.
UPDATE archives
SET given_up_at = clock_timestamp()
WHERE consumer_id = %(consumer_id)s AND moved_at IS NULL AND given_up_at IS NULL

-- name: writers
-- Whether somebody may still write a file: the worker of an export, which no other takes over any more, or a run of the
-- archive.
SELECT EXISTS (SELECT FROM exports
               WHERE consumer_id = %(consumer_id)s AND status = 'running'
                 AND lease_until > clock_timestamp())
       OR EXISTS (SELECT FROM archives
                  WHERE consumer_id = %(consumer_id)s AND erased_at IS NULL
                    AND given_up_at > clock_timestamp() - make_interval(secs => %(seconds)s))
       AS are_left

-- name: exports
SELECT e.export_id,
       ARRAY(SELECT f.object_key FROM export_files f
             WHERE f.export_id = e.export_id AND f.kind <> 'archived_events'
             ORDER BY f.number) AS object_keys
FROM exports e
WHERE e.consumer_id = %(consumer_id)s AND e.status <> 'removed'

-- name: export_removed
UPDATE exports
SET status = 'removed', removed_at = clock_timestamp(), updated_at = clock_timestamp(),
    finished_at = coalesce(finished_at, clock_timestamp()), worker_id = NULL, lease_until = NULL
WHERE export_id = %(export_id)s

-- name: archives
SELECT archive_id, object_key
FROM archives
WHERE consumer_id = %(consumer_id)s AND erased_at IS NULL
ORDER BY created_at
LIMIT %(limit)s

-- name: archive_erased
UPDATE archives
SET erased_at = clock_timestamp(),
    given_up_at = CASE WHEN moved_at IS NULL THEN clock_timestamp() ELSE given_up_at END
WHERE archive_id = %(archive_id)s AND consumer_id = %(consumer_id)s

-- name: wait
UPDATE offboardings
SET waits_for = %(waits_for)s, updated_at = clock_timestamp()
WHERE offboarding_id = %(offboarding_id)s AND status = 'ending'

-- name: finish
UPDATE offboardings
SET status = 'done', waits_for = NULL, finished_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE offboarding_id = %(offboarding_id)s AND status = 'ending'
