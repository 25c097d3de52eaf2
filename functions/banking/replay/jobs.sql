-- The jobs as requests make, read and change them. consumer_id is NULL only for the admin, who sees all.

-- name: lock_bank
-- One request at a time makes or resumes a bank's jobs, so that their number is exact.
SELECT c.name AS consumer_name, pg_advisory_xact_lock(1020, hashtext(c.consumer_id::text))
FROM consumers c
WHERE c.consumer_id = %(consumer_id)s

-- name: plan
-- Compiling would take longer than most filters. A large job is sorted in memory.
SELECT set_config('jit', 'off', true), set_config('work_mem', '64MB', true)

-- name: choose
-- Counts the events of a filter by state and, unless it is a dry run, writes them down for the job, a hundred a
-- row, in the order of their creation, which is that of each customer's numbers. So the job's range is what is
-- committed now. Each part has an index of its own; event_state has the last word. What is pending goes by
-- itself and is never chosen. What was delivered and is not received was processed: only the index of what is
-- received is asked, and not every receipt of the bank.
WITH found AS (
    SELECT e.event_id, e.customer_id, e.sequence, e.created_at, e.event_type, e.publish_status,
           e.deliver_status, e.publish_failure_reason, e.deliver_failure_reason, NULL AS receipt
    FROM customer_events e
    WHERE e.consumer_id = %(consumer_id)s AND e.publish_status = 'failed'
      AND 'publish_failed' = ANY (%(states)s::text[])
    UNION ALL
    SELECT e.event_id, e.customer_id, e.sequence, e.created_at, e.event_type, e.publish_status,
           e.deliver_status, e.publish_failure_reason, e.deliver_failure_reason, NULL
    FROM customer_events e
    WHERE e.consumer_id = %(consumer_id)s AND e.publish_status = 'published'
      AND e.deliver_status = 'pending' AND 'in_queue' = ANY (%(states)s::text[])
    UNION ALL
    SELECT e.event_id, e.customer_id, e.sequence, e.created_at, e.event_type, e.publish_status,
           e.deliver_status, e.publish_failure_reason, e.deliver_failure_reason, NULL
    FROM customer_events e
    WHERE e.consumer_id = %(consumer_id)s AND e.publish_status = 'published'
      AND e.deliver_status = 'failed'
      AND ARRAY['delivery_failed', 'dead_lettered'] && %(states)s::text[]
    UNION ALL
    SELECT e.event_id, e.customer_id, e.sequence, e.created_at, e.event_type, e.publish_status,
           e.deliver_status, e.publish_failure_reason, e.deliver_failure_reason,
           r.processing_status
    FROM consumer_event_receipts r
    JOIN customer_events e ON e.event_id = r.event_id
    WHERE r.consumer_id = %(consumer_id)s AND r.processing_status = 'received'
      AND e.consumer_id = %(consumer_id)s AND e.publish_status = 'published'
      AND e.deliver_status = 'delivered' AND 'received' = ANY (%(states)s::text[])
    UNION ALL
    SELECT e.event_id, e.customer_id, e.sequence, e.created_at, e.event_type, e.publish_status,
           e.deliver_status, e.publish_failure_reason, e.deliver_failure_reason, NULL
    FROM customer_events e
    WHERE e.consumer_id = %(consumer_id)s AND e.publish_status = 'published'
      AND e.deliver_status = 'delivered' AND 'processed' = ANY (%(states)s::text[])
      AND NOT EXISTS (SELECT FROM consumer_event_receipts r
                      WHERE r.consumer_id = e.consumer_id AND r.event_created_at = e.created_at
                        AND r.event_id = e.event_id AND r.processing_status = 'received')
), chosen AS MATERIALIZED (
    SELECT f.event_id, f.customer_id, f.sequence, f.created_at, told.state,
           told.state = 'publish_failed'
           AND EXISTS (SELECT FROM customer_events later
                       WHERE later.customer_id = f.customer_id AND later.sequence > f.sequence) AS late
    FROM found f
    CROSS JOIN LATERAL (
        SELECT event_state(f.publish_status, f.deliver_status, f.deliver_failure_reason,
                           f.receipt, false) AS state) told
    WHERE told.state = ANY (%(states)s::text[])
      AND (%(event_ids)s::uuid[] IS NULL OR f.event_id = ANY (%(event_ids)s::uuid[]))
      AND (%(event_types)s::text[] IS NULL OR f.event_type = ANY (%(event_types)s::text[]))
      AND (%(customer_id)s::uuid IS NULL OR f.customer_id = %(customer_id)s)
      AND (%(failure_group)s::text IS NULL
           OR failure_group(%(consumer_id)s, told.state, f.event_type,
                            CASE WHEN f.publish_status = 'failed' THEN f.publish_failure_reason
                                 ELSE f.deliver_failure_reason END) = %(failure_group)s)
      AND (%(from)s::timestamptz IS NULL OR f.created_at >= %(from)s)
      AND (%(to)s::timestamptz IS NULL OR f.created_at < %(to)s)
    LIMIT %(most)s + 1
), written AS (
    INSERT INTO replay_batches (job_id, number, event_ids)
    SELECT %(job_id)s, place / %(batch)s, array_agg(event_id ORDER BY place)
    FROM (SELECT event_id, (row_number() OVER (ORDER BY created_at, sequence))::integer - 1 AS place
          FROM chosen
          WHERE NOT %(dry_run)s) AS placed
    GROUP BY place / %(batch)s
)
SELECT state, coalesce(sum(events), 0)::bigint AS events, count(DISTINCT customer_id) AS customers,
       min(oldest) AS oldest, max(newest) AS newest, coalesce(sum(late), 0)::bigint AS late
FROM (SELECT state, customer_id, count(*) AS events, min(created_at) AS oldest,
             max(created_at) AS newest, count(*) FILTER (WHERE late) AS late
      FROM chosen
      GROUP BY state, customer_id) AS of_customer
GROUP BY GROUPING SETS ((state), ())

-- name: waiting
-- How many jobs of the bank wait for their turn or are paused, whether one runs, and why one would wait.
SELECT count(*) FILTER (WHERE status <> 'running') AS waiting,
       count(*) FILTER (WHERE status = 'running') > 0 AS is_running,
       (SELECT p.reason FROM publishing_pauses p
        WHERE p.consumer_id = %(consumer_id)s) AS pause,
       EXISTS (SELECT FROM replay_jobs w
               WHERE w.consumer_id = %(consumer_id)s AND w.status <> 'done') AS rewinds
FROM replays
WHERE consumer_id = %(consumer_id)s AND status IN ('queued', 'running', 'paused')

-- name: make
-- A job without events is done. The others run, or wait behind the bank's running job. The outbox is
-- counted as the worker counts it (conditions in worker.sql): what waits already does not make it grow.
INSERT INTO replays (job_id, consumer_id, status, mode, filter_json, filter_hash, include_late,
                     per_second, reason, actor, request_id, matched, started_at, finished_at,
                     outbox_count)
SELECT %(job_id)s, %(consumer_id)s, status, %(mode)s, %(filter)s, md5(%(filter)s || %(mode)s),
       %(include_late)s, %(per_second)s, %(reason)s, %(actor)s, %(request_id)s, %(matched)s,
       CASE WHEN status <> 'queued' THEN clock_timestamp() END,
       CASE WHEN status = 'done' THEN clock_timestamp() END,
       (SELECT count(*)
        FROM (SELECT FROM customer_events e
              WHERE e.consumer_id = %(consumer_id)s AND e.publish_status = 'pending'
                AND (e.publish_failure_reason NOT LIKE 'taken up again%%'
                     OR (e.publish_failure_reason IS NULL
                         AND e.created_at <= clock_timestamp()
                                             - make_interval(secs => %(handoff_seconds)s)))
              LIMIT %(outbox_most)s) AS pending)
FROM (SELECT CASE WHEN %(matched)s = 0 THEN 'done'
                  WHEN EXISTS (SELECT FROM replays other
                               WHERE other.consumer_id = %(consumer_id)s
                                 AND other.status IN ('queued', 'running')) THEN 'queued'
                  ELSE 'running' END AS status) AS told

-- name: read
-- The rate is that of the last second, as the worker has told it.
SELECT r.job_id, r.consumer_id, c.name AS consumer_name, r.status, r.mode, r.filter_json AS filter,
       r.include_late, r.reason, r.actor, r.per_second, r.matched, r.sent, r.put_back, r.confirmed_again,
       r.refused, r.left_out, now.per_second_now,
       CASE WHEN r.status = 'running' AND r.waits_for IS NULL
            THEN ceil((r.matched - r.sent - r.refused - r.left_out)::numeric
                      / greatest(now.per_second_now, r.per_second))::integer
            WHEN r.status = 'done' THEN 0 END AS eta_seconds,
       r.waits_for, r.created_at, r.started_at, r.updated_at, r.finished_at
FROM replays r
JOIN consumers c ON c.consumer_id = r.consumer_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN r.status = 'running' AND r.updated_at > clock_timestamp() - interval '3 seconds'
                THEN r.per_second_now ELSE 0 END AS per_second_now) AS now
WHERE r.job_id = ANY (%(job_ids)s::uuid[])
  AND (%(consumer_id)s::uuid IS NULL OR r.consumer_id = %(consumer_id)s)
ORDER BY r.created_at DESC, r.job_id DESC

-- name: list
-- A page of each tenant in scope, as in events/reading.sql.
SELECT page.*
FROM consumers c
CROSS JOIN LATERAL (
    SELECT r.job_id, r.created_at
    FROM replays r
    WHERE r.consumer_id = c.consumer_id
      AND (%(status)s::text IS NULL OR r.status = %(status)s)
      AND (%(after_at)s::timestamptz IS NULL
           OR (r.created_at, r.job_id) < (%(after_at)s, %(after_id)s::uuid))
    ORDER BY r.created_at DESC, r.job_id DESC
    LIMIT %(limit)s + 1
) page
WHERE (%(consumer_id)s::uuid IS NULL OR c.consumer_id = %(consumer_id)s)
ORDER BY page.created_at DESC, page.job_id DESC
LIMIT %(limit)s + 1

-- name: change
-- Waits for the batch that is under way, a second at most, because it holds the row. Whoever resumes a job
-- that waits has it looked at now. A job that loses its worker loses its lease, too.
UPDATE replays r
SET status = told.status, per_second = coalesce(%(per_second)s, r.per_second),
    waits_for = NULL, look_at = NULL,
    worker_id = CASE WHEN told.status = 'running' THEN r.worker_id END,
    lease_until = CASE WHEN told.status = 'running' THEN r.lease_until END,
    per_second_now = CASE WHEN told.status = 'running' THEN r.per_second_now ELSE 0 END,
    started_at = CASE WHEN told.status = 'running' THEN coalesce(r.started_at, clock_timestamp())
                      ELSE r.started_at END,
    finished_at = CASE WHEN told.status = 'cancelled' THEN clock_timestamp() END,
    updated_at = clock_timestamp()
FROM (SELECT job_id,
             CASE WHEN %(action)s = 'pause' THEN 'paused'
                  WHEN %(action)s = 'cancel' THEN 'cancelled'
                  WHEN %(action)s = 'resume' AND status = 'paused'
                       AND EXISTS (SELECT FROM replays other
                                   WHERE other.consumer_id = mine.consumer_id
                                     AND other.status = 'running') THEN 'queued'
                  WHEN %(action)s = 'resume' AND status = 'paused' THEN 'running'
                  ELSE status END AS status
      FROM replays mine
      WHERE job_id = %(job_id)s
        AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
      FOR UPDATE) AS told
WHERE r.job_id = told.job_id AND r.status IN ('queued', 'running', 'paused')
