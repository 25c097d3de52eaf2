-- The late sweep: publishes failed events that a later event of their customer follows. Whether that one
-- is published makes no difference: its handler may already be on the way. An event that has a successor
-- has one for ever, so no lock of the customer is needed.

-- name: count
SELECT count(*) AS count
FROM customer_events e
WHERE e.publish_status = 'failed'
  AND (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)
  AND (%(event_ids)s::uuid[] IS NULL OR e.event_id = ANY (%(event_ids)s::uuid[]))
  AND (%(event_types)s::text[] IS NULL OR e.event_type = ANY (%(event_types)s))
  AND (%(since)s::timestamptz IS NULL OR e.created_at >= %(since)s)
  AND (%(max_try_count)s::integer IS NULL OR e.publish_try_count < %(max_try_count)s)
  AND EXISTS (SELECT FROM customer_events later
              WHERE later.customer_id = e.customer_id AND later.sequence > e.sequence)

-- name: plan
-- As in resend.sql.
SELECT set_config('enable_sort', 'off', true), set_config('jit', 'off', true)

-- name: claim
-- Columns, banks and shares as in resend.sql. sent_late_at makes the message say that it comes late.
WITH bank AS MATERIALIZED (
    SELECT c.consumer_id, c.name, c.message_format, from_at, from_id,
           greatest(%(batch)s / count(*) OVER (), 1) AS share,
           c.consumer_id IN (SELECT consumer_id FROM webhooks) AS by_webhook
    FROM consumers c
    LEFT JOIN unnest(%(owners)s::uuid[], %(after_created_at)s::timestamptz[], %(after_event_id)s::uuid[])
              AS visited (owner, created_at, event_id) ON visited.owner = c.consumer_id
    CROSS JOIN LATERAL (
        SELECT coalesce(visited.created_at, '-infinity') AS from_at,
               coalesce(visited.event_id, '00000000-0000-0000-0000-000000000000') AS from_id) position
    CROSS JOIN LATERAL (
        SELECT FROM customer_events e
        WHERE e.consumer_id = c.consumer_id AND e.publish_status = 'failed'
          AND (e.created_at, e.event_id) > (from_at, from_id)
        ORDER BY e.created_at, e.event_id
        LIMIT 1) next
    WHERE (%(owners)s::uuid[] IS NULL OR visited.owner IS NOT NULL)
      AND (%(consumer_id)s::uuid IS NULL OR c.consumer_id = %(consumer_id)s)
      AND NOT EXISTS (SELECT FROM publishing_pauses p WHERE p.consumer_id = c.consumer_id)
      AND c.consumer_id NOT IN (SELECT consumer_id FROM replay_jobs WHERE status <> 'done')
)
SELECT found.*, bank.name AS consumer_name, bank.message_format, bank.share, bank.by_webhook
FROM bank
CROSS JOIN LATERAL (
    SELECT e.event_id, e.consumer_id, e.customer_id, e.sequence, e.event_type, e.payload_json,
           e.metadata_json, e.created_at, e.deliver_try_count,
           e.publish_try_count + 1 AS publish_try_count, clock_timestamp() AS sent_late_at,
           (SELECT epoch FROM recovery) AS epoch
    FROM customer_events e
    WHERE e.consumer_id = bank.consumer_id AND e.publish_status = 'failed'
      AND (e.created_at, e.event_id) > (bank.from_at, bank.from_id)
      AND (%(event_ids)s::uuid[] IS NULL OR e.event_id = ANY (%(event_ids)s::uuid[]))
      AND (%(event_types)s::text[] IS NULL OR e.event_type = ANY (%(event_types)s))
      AND (%(since)s::timestamptz IS NULL OR e.created_at >= %(since)s)
      AND (%(max_try_count)s::integer IS NULL OR e.publish_try_count < %(max_try_count)s)
      AND EXISTS (SELECT FROM customer_events later
                  WHERE later.customer_id = e.customer_id AND later.sequence > e.sequence)
    ORDER BY e.created_at, e.event_id
    LIMIT bank.share
    FOR UPDATE OF e SKIP LOCKED) found
ORDER BY found.created_at, found.event_id

-- name: barriers
-- Only a rewind holds back late events, and sends them itself. It is asked here, after the claim's locks.
SELECT lane.key, 0 AS position
FROM unnest(%(keys)s::uuid[], %(owners)s::uuid[]) AS lane (key, owner)
WHERE lane.owner IN (SELECT consumer_id FROM replay_jobs WHERE status <> 'done')

-- name: confirmed
UPDATE customer_events
SET publish_status = 'published', published_at = clock_timestamp(), sent_late_at = clock_timestamp(),
    publish_try_count = publish_try_count + 1, publish_last_tried_at = clock_timestamp(),
    publish_failure_reason = NULL
WHERE event_id = ANY (%(ids)s::uuid[])

-- name: failed
-- The reason stays: it says why the event was given up. The answer and the event's history have the new one.
WITH told AS (
    UPDATE customer_events e
    SET publish_try_count = e.publish_try_count + 1, publish_last_tried_at = clock_timestamp()
    FROM unnest(%(ids)s::uuid[], %(reasons)s::text[], %(outcomes)s::text[])
             AS tried (event_id, reason, outcome)
    WHERE e.event_id = tried.event_id
    RETURNING e.event_id, e.consumer_id, tried.outcome, tried.reason
)
INSERT INTO event_attempts (event_id, consumer_id, by, outcome, words, caused_by)
SELECT event_id, consumer_id, %(by)s, outcome, left(reason, 1000), %(caused_by)s
FROM told

-- name: unconfirmed
WITH told AS (
    UPDATE customer_events e
    SET publish_last_tried_at = clock_timestamp()
    FROM unnest(%(ids)s::uuid[], %(reasons)s::text[]) AS silent (event_id, reason)
    WHERE e.event_id = silent.event_id
    RETURNING e.event_id, e.consumer_id, silent.reason
)
INSERT INTO event_attempts (event_id, consumer_id, by, outcome, words, caused_by)
SELECT event_id, consumer_id, %(by)s, 'unconfirmed', left(reason, 1000), %(caused_by)s
FROM told

-- name: nacked
-- As in resend.sql.
WITH refused AS (
    SELECT e.event_id, e.consumer_id, nacked.reason
    FROM customer_events e
    JOIN unnest(%(ids)s::uuid[], %(reasons)s::text[]) AS nacked (event_id, reason) USING (event_id)
), told AS (
    INSERT INTO event_attempts (event_id, consumer_id, by, outcome, words, caused_by)
    SELECT event_id, consumer_id, %(by)s, 'nacked', left(reason, 1000), %(caused_by)s
    FROM refused
)
INSERT INTO publishing_pauses (consumer_id, probe_at, reason)
SELECT consumer_id, clock_timestamp() + make_interval(secs => %(probe_seconds)s), min(reason)
FROM refused
GROUP BY consumer_id
ORDER BY consumer_id
ON CONFLICT (consumer_id) DO UPDATE SET probe_at = excluded.probe_at, reason = excluded.reason
