-- The resend sweep: publishes pending events.
-- It leaves out young events without a failure reason: another request is still publishing them, see
-- predecessors in outbox.sql. It leaves out banks whose queue refuses, but for a probe: see pauses.sql.
-- Banks that are called have no queue: see webhooks/book.sql.

-- name: count
-- Counts every pending event in scope. The answer counts those that cannot be claimed now as skipped.
SELECT count(*) AS count
FROM customer_events
WHERE publish_status = 'pending'
  AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
  AND (%(event_ids)s::uuid[] IS NULL OR event_id = ANY (%(event_ids)s::uuid[]))
  AND (%(event_types)s::text[] IS NULL OR event_type = ANY (%(event_types)s))
  AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)

-- name: dry_run
-- What would be sent, up to one more than `most`: pending events, and failed ones if asked. A failed event
-- that a later one of its customer follows is late: told apart, and not counted without include_late.
WITH found AS (
    SELECT e.*,
           e.publish_status = 'failed'
           AND EXISTS (SELECT FROM customer_events later
                       WHERE later.customer_id = e.customer_id AND later.sequence > e.sequence)
               AS late
    FROM customer_events e
    WHERE e.publish_status IN ('pending', 'failed')
      AND (e.publish_status = 'pending'
           OR (%(include_failed)s
               AND (%(max_try_count)s::integer IS NULL OR e.publish_try_count < %(max_try_count)s)))
      AND (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)
      AND (%(event_ids)s::uuid[] IS NULL OR e.event_id = ANY (%(event_ids)s::uuid[]))
      AND (%(event_types)s::text[] IS NULL OR e.event_type = ANY (%(event_types)s))
      AND (%(since)s::timestamptz IS NULL OR e.created_at >= %(since)s)
    LIMIT %(most)s + 1
), told AS (
    SELECT f.consumer_id, c.name AS consumer_name, f.customer_id, f.created_at, f.late,
           NOT f.late OR %(include_late)s AS sent,
           event_state(f.publish_status, f.deliver_status, f.deliver_failure_reason, NULL,
                       EXISTS (SELECT FROM customer_events h
                               WHERE h.customer_id = f.customer_id AND h.sequence < f.sequence
                                 AND h.publish_status = 'pending')) AS state
    FROM found f
    JOIN consumers c ON c.consumer_id = f.consumer_id
)
SELECT consumer_id, consumer_name, state, count(*) FILTER (WHERE sent) AS events,
       count(DISTINCT customer_id) FILTER (WHERE sent) AS customers,
       min(created_at) FILTER (WHERE sent) AS oldest,
       max(created_at) FILTER (WHERE sent) AS newest, count(*) FILTER (WHERE late) AS late
FROM told
GROUP BY GROUPING SETS ((consumer_id, consumer_name), (state), ())
ORDER BY consumer_name, state

-- name: plan
-- Without sorting the planner must walk the index of pending events, whose cost depends on the batch
-- only. With old statistics it would otherwise read and sort the whole backlog for each batch. The one
-- sort that is left, of the batch, then seems so dear that the statement would be compiled: no jit.
SELECT set_config('enable_sort', 'off', true), set_config('jit', 'off', true)

-- name: claim
-- Returns what a message is made from. Its try count includes the coming try. The epoch and the consumer's
-- format are read with the event and never later.
-- First the banks that may get events now, so that the backlog of any other is not read. They share the
-- batch. LATERAL with LIMIT makes one index lookup per bank, see plan.
WITH bank AS MATERIALIZED (
    SELECT c.consumer_id, c.name, c.message_format, from_at, from_id,
           greatest(%(batch)s / count(*) OVER (), 1) AS share
    FROM consumers c
    LEFT JOIN unnest(%(owners)s::uuid[], %(after_created_at)s::timestamptz[], %(after_event_id)s::uuid[])
              AS visited (owner, created_at, event_id) ON visited.owner = c.consumer_id
    CROSS JOIN LATERAL (
        SELECT coalesce(visited.created_at, '-infinity') AS from_at,
               coalesce(visited.event_id, '00000000-0000-0000-0000-000000000000') AS from_id) position
    CROSS JOIN LATERAL (
        SELECT FROM customer_events e
        WHERE e.consumer_id = c.consumer_id AND e.publish_status = 'pending'
          AND (e.created_at, e.event_id) > (from_at, from_id)
        ORDER BY e.created_at, e.event_id
        LIMIT 1) next
    WHERE (%(owners)s::uuid[] IS NULL OR visited.owner IS NOT NULL)
      AND (%(consumer_id)s::uuid IS NULL OR c.consumer_id = %(consumer_id)s)
      AND (%(probe)s
           OR NOT EXISTS (SELECT FROM publishing_pauses p WHERE p.consumer_id = c.consumer_id))
      AND c.consumer_id NOT IN (SELECT consumer_id FROM replay_jobs WHERE status <> 'done')
      AND c.consumer_id NOT IN (SELECT consumer_id FROM webhooks)
)
SELECT found.*, bank.name AS consumer_name, bank.message_format, bank.share, false AS by_webhook
FROM bank
CROSS JOIN LATERAL (
    SELECT e.event_id, e.consumer_id, e.customer_id, e.sequence, e.event_type, e.payload_json,
           e.metadata_json, e.created_at, e.deliver_try_count,
           e.publish_try_count + 1 AS publish_try_count, e.sent_late_at,
           (SELECT epoch FROM recovery) AS epoch
    FROM customer_events e
    WHERE e.consumer_id = bank.consumer_id AND e.publish_status = 'pending'
      AND (e.created_at, e.event_id) > (bank.from_at, bank.from_id)
      AND (e.publish_failure_reason IS NOT NULL
           OR e.created_at <= clock_timestamp() - make_interval(secs => %(handoff_seconds)s))
      AND (%(event_ids)s::uuid[] IS NULL OR e.event_id = ANY (%(event_ids)s::uuid[]))
      AND (%(event_types)s::text[] IS NULL OR e.event_type = ANY (%(event_types)s))
      AND (%(since)s::timestamptz IS NULL OR e.created_at >= %(since)s)
      AND (%(max_try_count)s::integer IS NULL OR e.publish_try_count < %(max_try_count)s)
    ORDER BY e.created_at, e.event_id
    LIMIT bank.share
    FOR UPDATE SKIP LOCKED) found
ORDER BY found.created_at, found.event_id

-- name: barriers
-- For each customer of the batch: the first pending event outside the batch that precedes the
-- customer's last event in it. Events after this one must wait.
-- LATERAL makes one index lookup per customer. A plain join would depend on statistics, see plan.
-- A rewind holds back all events of its consumer. It is asked here, after the claim's locks.
SELECT lane.key, coalesce(other.sequence, 0) AS position
FROM (
    SELECT key, last_position,
           owner IN (SELECT consumer_id FROM replay_jobs WHERE status <> 'done') AS held
    FROM unnest(%(keys)s::uuid[], %(last_positions)s::bigint[], %(owners)s::uuid[])
             AS given (key, last_position, owner)
) lane
LEFT JOIN LATERAL (
    SELECT e.sequence
    FROM customer_events e
    WHERE e.customer_id = lane.key AND e.sequence < lane.last_position
      AND e.publish_status = 'pending' AND e.event_id <> ALL (%(ids)s::uuid[])
    ORDER BY e.sequence
    LIMIT 1
) AS other ON NOT lane.held
WHERE lane.held OR other.sequence IS NOT NULL

-- name: confirmed
UPDATE customer_events
SET publish_status = 'published', published_at = clock_timestamp(),
    publish_try_count = publish_try_count + 1, publish_last_tried_at = clock_timestamp(),
    publish_failure_reason = NULL
WHERE event_id = ANY (%(ids)s::uuid[])

-- name: failed
WITH told AS (
    UPDATE customer_events e
    SET publish_try_count = e.publish_try_count + 1, publish_last_tried_at = clock_timestamp(),
        publish_failure_reason = tried.reason,
        publish_status = CASE WHEN e.publish_try_count + 1 >= %(max_tries)s THEN 'failed'
                              ELSE 'pending' END
    FROM unnest(%(ids)s::uuid[], %(reasons)s::text[], %(outcomes)s::text[])
             AS tried (event_id, reason, outcome)
    WHERE e.event_id = tried.event_id
    RETURNING e.event_id, e.consumer_id, tried.outcome, tried.reason
)
INSERT INTO event_attempts (event_id, consumer_id, by, outcome, words, caused_by)
SELECT event_id, consumer_id, %(by)s, outcome, left(reason, 1000), %(caused_by)s
FROM told

-- name: unconfirmed
-- Silence spends no try either. A copy may have arrived.
WITH told AS (
    UPDATE customer_events e
    SET publish_last_tried_at = clock_timestamp(), publish_failure_reason = silent.reason
    FROM unnest(%(ids)s::uuid[], %(reasons)s::text[]) AS silent (event_id, reason)
    WHERE e.event_id = silent.event_id
    RETURNING e.event_id, e.consumer_id, silent.reason
)
INSERT INTO event_attempts (event_id, consumer_id, by, outcome, words, caused_by)
SELECT event_id, consumer_id, %(by)s, 'unconfirmed', left(reason, 1000), %(caused_by)s
FROM told

-- name: nacked
-- A nack spends no try. It pauses the bank until a probe finds room. Sorted, so that two sweeps which
-- pause the same banks do not wait for each other.
WITH waiting AS (
    UPDATE customer_events e
    SET publish_last_tried_at = clock_timestamp(), publish_failure_reason = nacked.reason
    FROM unnest(%(ids)s::uuid[], %(reasons)s::text[]) AS nacked (event_id, reason)
    WHERE e.event_id = nacked.event_id
    RETURNING e.event_id, e.consumer_id, nacked.reason
), told AS (
    INSERT INTO event_attempts (event_id, consumer_id, by, outcome, words, caused_by)
    SELECT event_id, consumer_id, %(by)s, 'nacked', left(reason, 1000), %(caused_by)s
    FROM waiting
)
INSERT INTO publishing_pauses (consumer_id, probe_at, reason)
SELECT consumer_id, clock_timestamp() + make_interval(secs => %(probe_seconds)s), min(reason)
FROM waiting
GROUP BY consumer_id
ORDER BY consumer_id
ON CONFLICT (consumer_id) DO UPDATE SET probe_at = excluded.probe_at, reason = excluded.reason
