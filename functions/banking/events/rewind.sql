-- Rewinds: the beginning of a job and its progress.
-- A job sends what is not processed, but for what a person gave up. A delivered event without a receipt was
-- processed: receipts have a retention.
-- Unconfirmed is what it would lose by beginning later: an event that is not processed, unless the bank's
-- own word failed it and it was not sent again since; and a processed one of which a rewind has sent a copy
-- that the bank has not confirmed (`copied`), because emptying the queue loses that.

-- name: find_consumer
SELECT consumer_id FROM consumers WHERE consumer_id = %(consumer_id)s

-- name: find_event
SELECT created_at
FROM customer_events
WHERE event_id = %(event_id)s AND consumer_id = %(consumer_id)s

-- name: plan
-- As in resend.sql.
SELECT set_config('enable_sort', 'off', true), set_config('jit', 'off', true)

-- name: oldest_waiting
-- The oldest event that is unconfirmed for certain. Each index gives its first.
SELECT event_id, created_at
FROM ((SELECT event_id, created_at FROM customer_events
       WHERE consumer_id = %(consumer_id)s AND publish_status = 'pending'
       ORDER BY created_at, event_id LIMIT 1)
      UNION ALL
      (SELECT event_id, created_at FROM customer_events
       WHERE consumer_id = %(consumer_id)s
         AND publish_status = 'published' AND deliver_status = 'pending'
       ORDER BY created_at, event_id LIMIT 1)
      UNION ALL
      (SELECT event_id, created_at FROM customer_events
       WHERE consumer_id = %(consumer_id)s
         AND publish_status = 'failed' AND publish_given_up_at IS NULL
       ORDER BY created_at, event_id LIMIT 1)) AS firsts
ORDER BY created_at, event_id
LIMIT 1

-- name: look
-- Looks at the next events, so many at most: how many they are, the last of them, the first that is
-- unconfirmed, and how many a job would send.
WITH stretch AS MATERIALIZED (
    SELECT e.event_id, e.created_at, e.deliver_status,
           e.publish_status = 'failed' AND e.publish_given_up_at IS NOT NULL AS given_up,
           CASE WHEN e.deliver_status <> 'pending' THEN
               (SELECT r.processing_status FROM consumer_event_receipts r
                WHERE r.consumer_id = e.consumer_id AND r.event_id = e.event_id) END AS receipt,
           CASE WHEN e.deliver_status = 'delivered' AND e.deliver_last_tried_at IS NOT NULL THEN
               e.deliver_last_tried_at > coalesce(
                   (SELECT r.updated_at FROM consumer_event_receipts r
                    WHERE r.consumer_id = e.consumer_id AND r.event_id = e.event_id),
                   e.delivered_at)
           ELSE false END AS copied
    FROM customer_events e
    WHERE e.consumer_id = %(consumer_id)s
      AND (e.created_at, e.event_id) > (%(after_created_at)s::timestamptz, %(after_event_id)s::uuid)
      AND e.created_at < %(before)s::timestamptz
    ORDER BY e.created_at, e.event_id
    LIMIT %(stretch)s
), last AS (
    SELECT created_at, event_id FROM stretch ORDER BY created_at DESC, event_id DESC LIMIT 1
), unconfirmed AS (
    SELECT created_at, event_id
    FROM stretch
    WHERE NOT given_up
      AND (deliver_status = 'pending'
           OR (deliver_status = 'failed' AND receipt IS DISTINCT FROM 'failed')
           OR (deliver_status = 'delivered' AND (receipt = 'received' OR copied)))
    ORDER BY created_at, event_id
    LIMIT 1
), told AS (
    SELECT count(*) AS seen,
           count(*) FILTER (WHERE NOT given_up
                              AND (%(include_processed)s
                                   OR NOT (deliver_status = 'delivered'
                                           AND coalesce(receipt, 'processed') = 'processed'
                                           AND NOT copied))
                           ) AS to_send
    FROM stretch
)
SELECT told.*, last.created_at AS last_created_at, last.event_id AS last_event_id,
       unconfirmed.created_at, unconfirmed.event_id
FROM told
LEFT JOIN last ON true
LEFT JOIN unconfirmed ON true

-- name: begin
INSERT INTO replay_jobs (consumer_id, from_at, include_processed, reason, request_id, quiet_after)
VALUES (%(consumer_id)s, %(from_at)s, %(include_processed)s, %(reason)s, %(request_id)s,
        %(quiet_after)s)
RETURNING job_id

-- name: newest
SELECT job_id, consumer_id, status, from_at, include_processed, reason, waits_for, until_at,
       after_created_at AS reached_at, sent_count, created_at, updated_at, cancelled_at, finished_at
FROM replay_jobs
WHERE consumer_id = %(consumer_id)s
ORDER BY created_at DESC
LIMIT 1

-- name: cancel
-- Ends the job at once if its queue was not touched and quiet_after is over: a bank that is called no more may have
-- calls under way until then. Otherwise the worker ends it, and gives back what a queue has lost.
-- A recovery's job must send everything: what the bank applied and the restore lost is put right by it.
WITH job AS (
    SELECT job_id, clock_timestamp() AS now,
           status = 'held' AND emptying_at IS NULL AND coalesce(quiet_after <= clock_timestamp(), true) AS ends
    FROM replay_jobs
    WHERE consumer_id = %(consumer_id)s AND status <> 'done' AND request_id NOT LIKE 'recovery %%'
    FOR UPDATE)
UPDATE replay_jobs j
SET cancelled_at = coalesce(j.cancelled_at, job.now), updated_at = job.now,
    status = CASE WHEN job.ends THEN 'done' ELSE j.status END,
    until_at = CASE WHEN job.ends THEN job.now ELSE j.until_at END,
    finished_at = CASE WHEN job.ends THEN job.now END
FROM job
WHERE j.job_id = job.job_id AND j.consumer_id = %(consumer_id)s
