-- Sends dead letters again. consumer_id is NULL only for the admin, who sees all tenants.

-- name: find
-- The named letters, whatever became of them.
SELECT d.dead_letter_id, d.consumer_id, d.resolved_at, d.event_id
FROM dead_letters d
WHERE d.dead_letter_id = ANY (%(dead_letter_ids)s::uuid[])
  AND (%(consumer_id)s::uuid IS NULL OR d.consumer_id = %(consumer_id)s)
  AND (%(sees_foreign)s OR d.reason NOT LIKE 'foreign: %%')

-- name: dry_run
-- What would be hit, up to one more than `most`: by bank, by state, and in all.
WITH chosen AS (
    SELECT d.consumer_id, d.event_id, d.created_at
    FROM dead_letters d
    WHERE d.resolved_at IS NULL
      AND (%(dead_letter_ids)s::uuid[] IS NULL OR d.dead_letter_id = ANY (%(dead_letter_ids)s::uuid[]))
      AND (%(consumer_id)s::uuid IS NULL OR d.consumer_id = %(consumer_id)s)
      AND (%(matched)s::boolean IS NULL OR (d.event_id IS NULL) <> %(matched)s)
      AND (%(reason)s::text IS NULL OR d.reason = %(reason)s)
      AND (%(sees_foreign)s OR d.reason NOT LIKE 'foreign: %%')
      AND (%(begin)s::timestamptz IS NULL OR d.created_at >= %(begin)s)
      AND (%(end)s::timestamptz IS NULL OR d.created_at < %(end)s)
    LIMIT %(most)s + 1
), told AS (
    SELECT chosen.consumer_id, c.name AS consumer_name, e.customer_id, chosen.created_at,
           CASE WHEN e.event_id IS NULL THEN 'unmatched'
                ELSE event_state(e.publish_status, e.deliver_status, e.deliver_failure_reason,
                                 r.processing_status, false) END AS state,
           EXISTS (SELECT FROM customer_events later
                   WHERE later.customer_id = e.customer_id AND later.sequence > e.sequence) AS late
    FROM chosen
    JOIN consumers c ON c.consumer_id = chosen.consumer_id
    LEFT JOIN customer_events e ON e.event_id = chosen.event_id
    LEFT JOIN consumer_event_receipts r
           ON r.consumer_id = e.consumer_id AND r.event_id = e.event_id
)
SELECT consumer_id, consumer_name, state, count(*) AS events,
       count(DISTINCT customer_id) AS customers, min(created_at) AS oldest,
       max(created_at) AS newest, count(*) FILTER (WHERE late) AS late
FROM told
GROUP BY GROUPING SETS ((consumer_id, consumer_name), (state), ())
ORDER BY consumer_name, state

-- name: count
-- Of what would be hit, up to one more than `most`.
SELECT count(*) AS count
FROM (SELECT
      FROM dead_letters d
      WHERE d.resolved_at IS NULL
        AND (%(dead_letter_ids)s::uuid[] IS NULL
             OR d.dead_letter_id = ANY (%(dead_letter_ids)s::uuid[]))
        AND (%(consumer_id)s::uuid IS NULL OR d.consumer_id = %(consumer_id)s)
        AND (%(matched)s::boolean IS NULL OR (d.event_id IS NULL) <> %(matched)s)
        AND (%(reason)s::text IS NULL OR d.reason = %(reason)s)
        AND (%(sees_foreign)s OR d.reason NOT LIKE 'foreign: %%')
        AND (%(begin)s::timestamptz IS NULL OR d.created_at >= %(begin)s)
        AND (%(end)s::timestamptz IS NULL OR d.created_at < %(end)s)
      LIMIT %(most)s + 1) counted

-- name: next
-- The next letters to work on, oldest first. Nothing is locked: what is sent is looked at again.
SELECT page.*
FROM consumers c
CROSS JOIN unnest(ARRAY[true, false]) AS is_unmatched
CROSS JOIN LATERAL (
    SELECT d.dead_letter_id, d.event_id, d.created_at, octet_length(d.body) AS size_bytes
    FROM dead_letters d
    WHERE d.consumer_id = c.consumer_id
      AND (d.resolved_at IS NULL) = true AND (d.event_id IS NULL) = is_unmatched
      AND (%(dead_letter_ids)s::uuid[] IS NULL OR d.dead_letter_id = ANY (%(dead_letter_ids)s::uuid[]))
      AND (%(reason)s::text IS NULL OR d.reason = %(reason)s)
      AND (%(sees_foreign)s OR d.reason NOT LIKE 'foreign: %%')
      AND (%(begin)s::timestamptz IS NULL OR d.created_at >= %(begin)s)
      AND (%(end)s::timestamptz IS NULL OR d.created_at < %(end)s)
      AND (%(after_at)s::timestamptz IS NULL
           OR (d.created_at, d.dead_letter_id) > (%(after_at)s, %(after_id)s::uuid))
    ORDER BY d.created_at, d.dead_letter_id
    LIMIT %(limit)s
) page
WHERE (%(consumer_id)s::uuid IS NULL OR c.consumer_id = %(consumer_id)s)
  AND (%(matched)s::boolean IS NULL OR is_unmatched <> %(matched)s)
ORDER BY page.created_at, page.dead_letter_id
LIMIT %(limit)s

-- name: resolve_sent
-- The chosen letters of events that were just sent again, in the transaction that says so.
UPDATE dead_letters
SET resolved_at = clock_timestamp(), requeued_at = clock_timestamp(),
    resolved_by = %(resolved_by)s, resolved_reason = %(resolved_reason)s
WHERE event_id = ANY (%(ids)s::uuid[]) AND dead_letter_id = ANY (%(dead_letter_ids)s::uuid[])
  AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
  AND resolved_at IS NULL

-- name: claim
-- Letters that match no event. Another requeue's are passed over.
SELECT d.dead_letter_id, d.consumer_id, c.name AS consumer_name, d.body, d.properties_json
FROM dead_letters d
JOIN consumers c ON c.consumer_id = d.consumer_id
WHERE d.dead_letter_id = ANY (%(dead_letter_ids)s::uuid[])
  AND (%(consumer_id)s::uuid IS NULL OR d.consumer_id = %(consumer_id)s)
  AND d.event_id IS NULL AND d.resolved_at IS NULL
ORDER BY d.created_at, d.dead_letter_id
FOR UPDATE OF d SKIP LOCKED

-- name: held
-- Consumers whose queue a rewind is about to make anew: what goes into it now would be lost. Asked after
-- the claim's locks, since a rewind waits for whoever asked before it began.
SELECT consumer_id
FROM replay_jobs
WHERE status <> 'done' AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)

-- name: resolve
UPDATE dead_letters
SET resolved_at = clock_timestamp(), resolved_by = %(resolved_by)s,
    resolved_reason = %(resolved_reason)s,
    requeued_at = CASE WHEN %(requeued)s THEN clock_timestamp() END
WHERE dead_letter_id = ANY (%(dead_letter_ids)s::uuid[])
  AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
  AND resolved_at IS NULL
