-- The work on replays. Each statement goes by the job's id, which `take` has found, and by its worker's.

-- name: start
-- The oldest job that waits, of each bank where none runs.
UPDATE replays r
SET status = 'running', started_at = coalesce(r.started_at, clock_timestamp()),
    updated_at = clock_timestamp()
WHERE r.status = 'queued'
  AND r.job_id IN (SELECT DISTINCT ON (q.consumer_id) q.job_id
                   FROM replays q
                   WHERE q.status = 'queued'
                     AND NOT EXISTS (SELECT FROM replays other
                                     WHERE other.consumer_id = q.consumer_id
                                       AND other.status = 'running')
                   ORDER BY q.consumer_id, q.created_at, q.job_id)

-- name: take
-- Leases the jobs that run and that nobody holds. silence: the seconds until what another worker has sent is a
-- second old. After a lease that has run out, even what that one did not write down is older.
UPDATE replays r
SET worker_id = %(worker_id)s,
    lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
WHERE r.job_id IN (SELECT job_id
                   FROM replays
                   WHERE status = 'running'
                     AND (lease_until IS NULL OR lease_until <= clock_timestamp())
                     AND (look_at IS NULL OR look_at <= clock_timestamp())
                   FOR UPDATE SKIP LOCKED)
RETURNING job_id, consumer_id, per_second,
          coalesce(greatest(0, 1 - extract(epoch FROM clock_timestamp() - last_sent_at)), 0)::float8
              AS silence

-- name: hold
-- The row's lock keeps away whoever would change the job, until the batch is written down. No row: the job was
-- paused, cancelled or taken over.
SELECT r.job_id, r.consumer_id, c.name AS consumer_name, r.mode, r.include_late, r.per_second,
       r.cursor, r.ahead::text[] AS ahead, r.filter_json -> 'states' AS states, r.outbox_count
FROM replays r
JOIN consumers c ON c.consumer_id = r.consumer_id
WHERE r.job_id = %(job_id)s AND r.worker_id = %(worker_id)s AND r.status = 'running'
FOR UPDATE OF r

-- name: conditions
-- What goes before a replay: the bank's live events. Of its outbox only that counts which no request is
-- publishing any more, and not what a person or a job has just taken up again.
SELECT (SELECT p.reason FROM publishing_pauses p WHERE p.consumer_id = %(consumer_id)s) AS pause,
       EXISTS (SELECT FROM replay_jobs w
               WHERE w.consumer_id = %(consumer_id)s AND w.status <> 'done') AS rewinds,
       (SELECT count(*)
        FROM (SELECT FROM customer_events e
              WHERE e.consumer_id = %(consumer_id)s AND e.publish_status = 'pending'
                AND (e.publish_failure_reason NOT LIKE 'taken up again%%'
                     OR (e.publish_failure_reason IS NULL
                         AND e.created_at <= clock_timestamp()
                                             - make_interval(secs => %(handoff_seconds)s)))
              LIMIT %(outbox_most)s) AS waiting) AS outbox_count

-- name: batches
SELECT number, event_ids::text[] AS event_ids
FROM replay_batches
WHERE job_id = %(job_id)s AND number >= %(number)s
ORDER BY number
LIMIT 2

-- name: lock
-- Waits for locks: who is sending or confirming one of these events ends first.
SELECT e.event_id
FROM customer_events e
WHERE e.event_id = ANY (%(ids)s::uuid[])
ORDER BY e.created_at, e.event_id
FOR NO KEY UPDATE

-- name: look
-- A statement of its own on purpose: its snapshot is taken after the locks, so it sees every confirmation and
-- every rewind that was committed before them. Columns as in events/resend.sql. A copy's count of tries
-- includes the coming one.
SELECT e.event_id, e.consumer_id, e.customer_id, e.sequence, e.event_type, e.payload_json,
       e.metadata_json, e.created_at, c.name AS consumer_name, c.message_format,
       e.publish_try_count + (e.publish_status = 'failed')::integer AS publish_try_count,
       e.deliver_try_count + (e.publish_status = 'published')::integer AS deliver_try_count,
       CASE WHEN e.publish_status = 'failed' THEN clock_timestamp() ELSE e.sent_late_at END
           AS sent_late_at,
       %(job_id)s AS replay_job_id, (SELECT epoch FROM recovery) AS epoch,
       e.consumer_id IN (SELECT consumer_id FROM webhooks) AS by_webhook,
       event_state(e.publish_status, e.deliver_status, e.deliver_failure_reason,
                   r.processing_status, false) AS state,
       CASE WHEN e.publish_status = 'failed' THEN
           EXISTS (SELECT FROM customer_events later
                   WHERE later.customer_id = e.customer_id AND later.sequence > e.sequence)
       END AS has_later,
       EXISTS (SELECT FROM replay_jobs w
               WHERE w.consumer_id = e.consumer_id AND w.status <> 'done') AS rewinds
FROM customer_events e
JOIN consumers c ON c.consumer_id = e.consumer_id
LEFT JOIN consumer_event_receipts r
       ON r.consumer_id = e.consumer_id AND r.event_id = e.event_id
WHERE e.event_id = ANY (%(ids)s::uuid[])
ORDER BY e.created_at, e.sequence

-- name: lock_customers
-- As in events/reopening.sql: no event is born until the commit.
SELECT u.customer_id
FROM customers u
WHERE u.customer_id IN (SELECT e.customer_id FROM customer_events e
                        WHERE e.event_id = ANY (%(ids)s::uuid[]))
ORDER BY u.customer_id
FOR NO KEY UPDATE

-- name: reopen
-- As in events/reopening.sql. The sweep takes these events, in order.
WITH told AS (
    UPDATE customer_events e
    SET publish_status = 'pending', publish_try_count = 1, publish_given_up_at = NULL,
        publish_failure_reason = 'taken up again by replay ' || %(job_id)s || ', after: '
                                 || left(coalesce(e.publish_failure_reason, 'unknown'), 500)
    WHERE e.event_id = ANY (%(ids)s::uuid[]) AND e.publish_status = 'failed'
      AND NOT EXISTS (SELECT FROM customer_events later
                      WHERE later.customer_id = e.customer_id AND later.sequence > e.sequence)
    RETURNING e.event_id, e.consumer_id, e.publish_failure_reason AS words
)
INSERT INTO event_attempts (event_id, consumer_id, by, outcome, words, caused_by)
SELECT event_id, consumer_id, 'replay', 'reopened', left(words, 1000), %(job_id)s
FROM told
RETURNING event_id

-- name: mark_sent
-- As in events/rewind_worker.sql: an event that the bank has processed stays delivered. What failed was sent
-- late.
WITH told AS (
    UPDATE customer_events e
    SET publish_status = 'published', published_at = coalesce(e.published_at, clock_timestamp()),
        publish_try_count = e.publish_try_count + (e.publish_status = 'failed')::integer,
        publish_last_tried_at = CASE WHEN e.publish_status = 'failed' THEN clock_timestamp()
                                     ELSE e.publish_last_tried_at END,
        publish_failure_reason = NULL,
        sent_late_at = CASE WHEN e.publish_status = 'failed' THEN clock_timestamp()
                            ELSE e.sent_late_at END,
        deliver_try_count = e.deliver_try_count + (e.publish_status = 'published')::integer,
        deliver_last_tried_at = CASE WHEN e.publish_status = 'published' THEN now() END,
        deliver_status = CASE WHEN sent.is_processed THEN 'delivered' ELSE 'pending' END,
        delivered_at = CASE WHEN sent.is_processed THEN e.delivered_at END,
        deliver_failure_reason = NULL
    FROM unnest(%(ids)s::uuid[], %(processed)s::boolean[]) AS sent (event_id, is_processed)
    WHERE e.event_id = sent.event_id
    RETURNING e.event_id, e.consumer_id
)
INSERT INTO event_attempts (event_id, consumer_id, by, outcome, caused_by)
SELECT event_id, consumer_id, 'replay', 'confirmed', %(job_id)s
FROM told

-- name: mark_refused
-- A try is spent by what was returned or refused for itself.
WITH told AS (
    UPDATE customer_events e
    SET publish_try_count = e.publish_try_count + (e.publish_status = 'failed')::integer,
        publish_last_tried_at = CASE WHEN e.publish_status = 'failed' THEN clock_timestamp()
                                     ELSE e.publish_last_tried_at END,
        deliver_try_count = e.deliver_try_count + (e.publish_status = 'published')::integer,
        deliver_last_tried_at = CASE WHEN e.publish_status = 'published' THEN clock_timestamp()
                                     ELSE e.deliver_last_tried_at END,
        deliver_failure_reason = CASE WHEN e.deliver_status = 'pending' THEN tried.reason
                                      ELSE e.deliver_failure_reason END
    FROM unnest(%(ids)s::uuid[], %(outcomes)s::text[], %(reasons)s::text[])
             AS tried (event_id, outcome, reason)
    WHERE e.event_id = tried.event_id
    RETURNING e.event_id, e.consumer_id, tried.outcome, tried.reason
)
INSERT INTO event_attempts (event_id, consumer_id, by, outcome, words, caused_by)
SELECT event_id, consumer_id, 'replay', outcome, left(reason, 1000), %(job_id)s
FROM told

-- name: note_tried
-- What a full queue or an outage answered: no try is spent.
INSERT INTO event_attempts (event_id, consumer_id, by, outcome, words, caused_by)
SELECT e.event_id, e.consumer_id, 'replay', tried.outcome, left(tried.reason, 1000), %(job_id)s
FROM unnest(%(ids)s::uuid[], %(outcomes)s::text[], %(reasons)s::text[])
         AS tried (event_id, outcome, reason)
JOIN customer_events e ON e.event_id = tried.event_id

-- name: pause_bank
-- As in events/resend.sql: the queue refuses, so a probe finds out when there is room.
INSERT INTO publishing_pauses (consumer_id, probe_at, reason)
VALUES (%(consumer_id)s, clock_timestamp() + make_interval(secs => %(probe_seconds)s), %(reason)s)
ON CONFLICT (consumer_id) DO UPDATE SET probe_at = excluded.probe_at, reason = excluded.reason

-- name: advance
UPDATE replays r
SET cursor = %(cursor)s, ahead = %(ahead)s::uuid[], sent = r.sent + %(sent)s, put_back = r.put_back + %(put_back)s,
    refused = r.refused + %(refused)s, left_out = r.left_out + %(left_out)s,
    per_second_now = told.per_second_now, waits_for = NULL, look_at = NULL,
    outbox_count = coalesce(%(outbox_count)s, r.outbox_count),
    last_sent_at = CASE WHEN %(sent)s > 0 THEN clock_timestamp() ELSE r.last_sent_at END,
    status = CASE WHEN told.is_done THEN 'done' ELSE r.status END,
    finished_at = CASE WHEN told.is_done THEN clock_timestamp() END,
    worker_id = CASE WHEN NOT told.is_done THEN r.worker_id END,
    lease_until = CASE WHEN NOT told.is_done
                       THEN clock_timestamp() + make_interval(secs => %(lease_seconds)s) END,
    updated_at = clock_timestamp()
FROM (SELECT job_id, %(per_second_now)s AS per_second_now,
             matched = sent + refused + left_out + %(sent)s + %(refused)s + %(left_out)s AS is_done
      FROM replays
      WHERE job_id = %(job_id)s) AS told
WHERE r.job_id = told.job_id
RETURNING r.status

-- name: wait
UPDATE replays
SET waits_for = %(waits_for)s, look_at = clock_timestamp() + make_interval(secs => %(seconds)s),
    outbox_count = coalesce(%(outbox_count)s, outbox_count), per_second_now = 0, worker_id = NULL, lease_until = NULL,
    updated_at = clock_timestamp()
WHERE job_id = %(job_id)s AND worker_id = %(worker_id)s AND status = 'running'

-- name: release
UPDATE replays
SET worker_id = NULL, lease_until = NULL, per_second_now = 0, updated_at = clock_timestamp()
WHERE worker_id = %(worker_id)s AND status = 'running'

-- name: count_confirmed
-- Counts anew, for some rows of the job, how many of their events the bank has processed since the job sent
-- them.
WITH looked AS (
    SELECT b.number, b.event_ids, b.confirmed, r.started_at
    FROM replay_batches b
    JOIN replays r ON r.job_id = b.job_id
    WHERE b.job_id = %(job_id)s AND b.number * %(batch)s < r.cursor
      AND b.confirmed < cardinality(b.event_ids)
    ORDER BY b.checked_at NULLS FIRST, b.number
    LIMIT %(batches)s
    FOR UPDATE OF b SKIP LOCKED
), counted AS (
    SELECT l.number, l.confirmed AS before, count(p.event_id)::integer AS confirmed
    FROM looked l
    CROSS JOIN LATERAL unnest(l.event_ids) AS listed (event_id)
    LEFT JOIN LATERAL (
        SELECT e.event_id
        FROM customer_events e
        JOIN consumer_event_receipts c
          ON c.consumer_id = e.consumer_id AND c.event_id = e.event_id
        CROSS JOIN LATERAL (
            SELECT greatest(e.published_at, e.deliver_last_tried_at) AS sent_at) copy
        WHERE e.event_id = listed.event_id AND c.processing_status = 'processed'
          AND sent_at >= l.started_at AND c.updated_at >= sent_at) AS p ON true
    GROUP BY l.number, l.confirmed
), noted AS (
    UPDATE replay_batches b
    SET confirmed = counted.confirmed, checked_at = clock_timestamp()
    FROM counted
    WHERE b.job_id = %(job_id)s AND b.number = counted.number
)
UPDATE replays r
SET confirmed_again = least(r.sent, greatest(0, r.confirmed_again + more.count))
FROM (SELECT sum(confirmed - before) AS count FROM counted) AS more
WHERE r.job_id = %(job_id)s AND more.count <> 0

-- name: finished
-- Jobs that ended within a day, whose confirmations are still counted.
SELECT job_id
FROM replays
WHERE finished_at > clock_timestamp() - interval '1 day' AND NOT is_counted
ORDER BY finished_at DESC
LIMIT 20

-- name: forget
-- The lists of events of jobs that ended a day ago, or whose every event was confirmed.
WITH over AS (
    UPDATE replays
    SET is_counted = true
    WHERE job_id IN (SELECT job_id FROM replays
                     WHERE finished_at IS NOT NULL AND NOT is_counted
                       AND (finished_at <= clock_timestamp() - interval '1 day'
                            OR confirmed_again = sent)
                     ORDER BY finished_at
                     LIMIT 20)
    RETURNING job_id
)
DELETE FROM replay_batches WHERE job_id IN (SELECT job_id FROM over)
