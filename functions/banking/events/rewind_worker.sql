-- The work on rewinds. Each statement goes by the job's id, which `unfinished` has found.

-- name: unfinished
SELECT job_id FROM replay_jobs WHERE status <> 'done' ORDER BY updated_at

-- name: load
SELECT j.job_id, j.consumer_id, j.status, c.name AS consumer_name,
       j.cancelled_at IS NOT NULL AS is_cancelled, j.emptying_at IS NOT NULL AS is_touched
FROM replay_jobs j
JOIN consumers c ON c.consumer_id = j.consumer_id
WHERE j.job_id = %(job_id)s AND j.status <> 'done'

-- name: note_publishers
-- Runs after the hold's commit: whoever looked before has a transaction below quiet_xid, or none and a
-- bounded time. A sweep's locks give it an id before it looks for the hold. Whoever began the job may have set a
-- later time: a bank that is called no more may still have calls under way.
UPDATE replay_jobs
SET quiet_xid = pg_snapshot_xmax(pg_current_snapshot()),
    quiet_after = greatest(quiet_after, clock_timestamp() + make_interval(secs => %(seconds)s))
WHERE job_id = %(job_id)s AND quiet_xid IS NULL

-- name: are_publishers_through
-- Nor is the bank being called: a claim looks for the hold after it got its id.
SELECT quiet_after <= clock_timestamp()
       AND pg_snapshot_xmin(pg_current_snapshot()) >= quiet_xid
       AND NOT EXISTS (SELECT FROM webhook_turns t
                       WHERE t.consumer_id = replay_jobs.consumer_id
                         AND t.lease_until > clock_timestamp()) AS quiet
FROM replay_jobs
WHERE job_id = %(job_id)s

-- name: emptying
-- From here on the job cannot be cancelled at once, because the queue may be gone.
UPDATE replay_jobs
SET emptying_at = coalesce(emptying_at, clock_timestamp()), updated_at = clock_timestamp()
WHERE job_id = %(job_id)s AND status = 'held' AND cancelled_at IS NULL

-- name: end_untouched
-- A job that was cancelled before its queue was touched has nothing to give back. It held until now, because calls
-- of before might have been under way.
UPDATE replay_jobs
SET status = 'done', until_at = clock_timestamp(), finished_at = clock_timestamp(),
    updated_at = clock_timestamp(), waits_for = NULL
WHERE job_id = %(job_id)s AND status = 'held' AND emptying_at IS NULL
  AND cancelled_at IS NOT NULL AND coalesce(quiet_after <= clock_timestamp(), true)

-- name: emptied
-- The range ends now: what is committed later was not published before, or went into the new queue. It
-- begins earlier if an event was on its way when the beginning was chosen: no transaction lasts longer.
-- broker_admin closes the bank's connections: not every reader of the old queue is cancelled.
WITH readers AS (
    UPDATE broker_access a
    SET wanted_revision = a.wanted_revision + 1
    FROM replay_jobs held
    WHERE held.job_id = %(job_id)s AND held.status = 'held' AND a.consumer_id = held.consumer_id
      AND a.revoked_at IS NULL)
UPDATE replay_jobs j
SET status = 'publishing', until_at = clock_timestamp(), waits_for = NULL,
    updated_at = clock_timestamp(),
    from_at = least(j.from_at, (
        SELECT e.created_at
        FROM customer_events e
        LEFT JOIN consumer_event_receipts r
               ON r.consumer_id = e.consumer_id AND r.event_id = e.event_id
        WHERE e.consumer_id = j.consumer_id
          AND e.created_at >= j.created_at - interval '5 minutes' AND e.created_at < j.from_at
          AND NOT (e.publish_status = 'failed' AND e.publish_given_up_at IS NOT NULL)
          AND (e.deliver_status = 'pending'
               OR (e.deliver_status = 'failed' AND r.processing_status IS DISTINCT FROM 'failed')
               OR (e.deliver_status = 'delivered'
                   AND (r.processing_status = 'received'
                        OR e.deliver_last_tried_at > coalesce(r.updated_at, e.delivered_at))))
        ORDER BY e.created_at, e.event_id
        LIMIT 1))
WHERE j.job_id = %(job_id)s AND j.status = 'held'

-- name: lock_publishing
SELECT job_id, consumer_id, from_at, until_at, include_processed, after_created_at, after_event_id,
       cancelled_at
FROM replay_jobs
WHERE job_id = %(job_id)s AND status = 'publishing'
FOR UPDATE

-- name: plan
-- As in resend.sql.
SELECT set_config('enable_sort', 'off', true), set_config('jit', 'off', true)

-- name: find_end
-- Where this step ends, so that no statement reads more events, however few are to be sent. No row: the
-- rest of the range is shorter.
SELECT created_at AS end_created_at, event_id AS end_event_id
FROM customer_events
WHERE consumer_id = %(consumer_id)s AND created_at BETWEEN %(from_at)s AND %(until_at)s
  AND (%(after_created_at)s::timestamptz IS NULL
       OR (created_at, event_id) > (%(after_created_at)s, %(after_event_id)s::uuid))
ORDER BY created_at, event_id
OFFSET %(stretch)s - 1
LIMIT 1

-- name: claim
-- Columns as in resend.sql. Waits for locks, because it must leave out no event. Its try count includes
-- the coming try, if the event was published before. Late is what failed, or was late before, and has a
-- successor that is processed, so it does not come behind it again.
SELECT e.event_id, e.consumer_id, e.customer_id, e.sequence, e.event_type, e.payload_json,
       e.metadata_json, e.created_at, c.name AS consumer_name, c.message_format,
       e.publish_try_count,
       e.deliver_try_count + (e.publish_status = 'published')::integer AS deliver_try_count,
       (SELECT epoch FROM recovery) AS epoch,
       c.consumer_id IN (SELECT consumer_id FROM webhooks) AS by_webhook,
       CASE WHEN NOT %(include_processed)s
                 AND (e.publish_status = 'failed' OR e.sent_late_at IS NOT NULL)
                 AND EXISTS (SELECT FROM customer_events later
                             LEFT JOIN consumer_event_receipts r
                                    ON r.consumer_id = later.consumer_id AND r.event_id = later.event_id
                             WHERE later.customer_id = e.customer_id AND later.sequence > e.sequence
                               AND later.deliver_status = 'delivered'
                               AND coalesce(r.processing_status, 'processed') = 'processed')
            THEN clock_timestamp() END AS sent_late_at
FROM customer_events e
JOIN consumers c ON c.consumer_id = e.consumer_id
WHERE e.consumer_id = %(consumer_id)s AND e.created_at BETWEEN %(from_at)s AND %(until_at)s
  AND NOT (e.publish_status = 'failed' AND e.publish_given_up_at IS NOT NULL)
  AND (%(after_created_at)s::timestamptz IS NULL
       OR (e.created_at, e.event_id) > (%(after_created_at)s, %(after_event_id)s::uuid))
  AND (%(end_created_at)s::timestamptz IS NULL
       OR (e.created_at, e.event_id) <= (%(end_created_at)s, %(end_event_id)s::uuid))
  AND (%(include_processed)s
       OR NOT (e.deliver_status = 'delivered'
               AND coalesce((SELECT r.processing_status FROM consumer_event_receipts r
                             WHERE r.consumer_id = e.consumer_id AND r.event_id = e.event_id),
                            'processed') = 'processed'
               AND (e.deliver_last_tried_at IS NULL
                    OR e.deliver_last_tried_at <= coalesce(
                           (SELECT r.updated_at FROM consumer_event_receipts r
                            WHERE r.consumer_id = e.consumer_id AND r.event_id = e.event_id),
                           e.delivered_at))))
ORDER BY e.created_at, e.event_id
LIMIT %(batch)s
FOR UPDATE OF e

-- name: give_back
-- The job was cancelled: what the old queue had and the new one has not waits for the sweeps. No order is
-- lost, because nobody has looked past an event since the hold: the job's rule 1.
WITH told AS (
    UPDATE customer_events e
    SET publish_status = 'pending', published_at = NULL,
        publish_failure_reason = 'given back by a cancelled rewind',
        deliver_status = 'pending', delivered_at = NULL
    WHERE e.consumer_id = %(consumer_id)s AND e.created_at BETWEEN %(from_at)s AND %(until_at)s
      AND (%(after_created_at)s::timestamptz IS NULL
           OR (e.created_at, e.event_id) > (%(after_created_at)s, %(after_event_id)s::uuid))
      AND (%(end_created_at)s::timestamptz IS NULL
           OR (e.created_at, e.event_id) <= (%(end_created_at)s, %(end_event_id)s::uuid))
      AND e.publish_status = 'published'
      AND (e.deliver_status = 'pending'
           OR (e.deliver_status = 'delivered'
               AND (SELECT r.processing_status FROM consumer_event_receipts r
                    WHERE r.consumer_id = e.consumer_id AND r.event_id = e.event_id) = 'received'))
    RETURNING e.event_id, e.consumer_id
)
INSERT INTO event_attempts (event_id, consumer_id, by, outcome, words, caused_by)
SELECT event_id, consumer_id, 'rewind', 'given_back', 'waits again: the rewind was cancelled',
       %(job_id)s
FROM told

-- name: mark_sent
-- An event that the bank has processed stays delivered: only another copy of it is under way, which the
-- next rewind sends again unless the bank has confirmed it since (deliver_last_tried_at: the beginning of the
-- transaction, because a bank may confirm before the mark). An event is
-- not late any more where its successors come behind it.
WITH again AS MATERIALIZED (
    SELECT event_id, consumer_id
    FROM customer_events
    WHERE event_id = ANY (%(ids)s::uuid[]) AND publish_status = 'published'
), told AS (
    INSERT INTO event_attempts (event_id, consumer_id, by, outcome, caused_by)
    SELECT event_id, consumer_id, 'rewind', 'confirmed', %(job_id)s
    FROM again
)
UPDATE customer_events e
SET publish_status = 'published',
    sent_late_at = CASE WHEN e.event_id = ANY (%(late_ids)s::uuid[]) THEN clock_timestamp() END,
    published_at = coalesce(e.published_at, clock_timestamp()),
    publish_last_tried_at = clock_timestamp(), publish_failure_reason = NULL,
    deliver_try_count = e.deliver_try_count + (e.publish_status = 'published')::integer,
    deliver_last_tried_at = CASE WHEN e.publish_status = 'published' THEN now() END,
    deliver_status = CASE WHEN processed.event_id IS NULL THEN 'pending' ELSE 'delivered' END,
    delivered_at = CASE WHEN processed.event_id IS NOT NULL THEN e.delivered_at END,
    deliver_failure_reason = NULL
FROM unnest(%(ids)s::uuid[]) AS sent (event_id)
LEFT JOIN LATERAL (
    SELECT was.event_id
    FROM customer_events was
    LEFT JOIN consumer_event_receipts r
           ON r.consumer_id = was.consumer_id AND r.event_id = was.event_id
    WHERE was.event_id = sent.event_id AND was.deliver_status = 'delivered'
      AND coalesce(r.processing_status, 'processed') = 'processed'
) AS processed ON true
WHERE e.event_id = sent.event_id

-- name: advance
UPDATE replay_jobs
SET after_created_at = coalesce(%(created_at)s, after_created_at),
    after_event_id = coalesce(%(event_id)s::uuid, after_event_id),
    sent_count = sent_count + %(sent)s, waits_for = %(waits_for)s, updated_at = clock_timestamp()
WHERE job_id = %(job_id)s

-- name: finish
UPDATE replay_jobs
SET status = 'done', finished_at = clock_timestamp(), updated_at = clock_timestamp(),
    waits_for = NULL
WHERE job_id = %(job_id)s

-- name: wait
UPDATE replay_jobs
SET waits_for = %(waits_for)s, updated_at = clock_timestamp()
WHERE job_id = %(job_id)s AND status <> 'done'
