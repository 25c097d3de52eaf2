-- The redeliver sweep: publishes again what was published and not confirmed in time.
--
-- An event is sent again only if no copy of it can be in the consumer's queue any more: the broker was
-- asked after the event's last copy was sent, and the queue was empty; or the copy is older than the
-- queue's TTL. Otherwise each run would add a copy to the queue of a consumer that is away. A bank that is
-- called has a copy under way as long as one is in webhook_copies.

-- name: count
-- Counts every unconfirmed event in scope. The answer counts those that may not be sent now as skipped.
SELECT count(*) AS count
FROM customer_events
WHERE publish_status = 'published'
  AND (deliver_status = 'pending' OR (%(include_failed)s AND deliver_status = 'failed'))
  AND greatest(published_at, deliver_last_tried_at)
      <= clock_timestamp() - make_interval(secs => %(grace_seconds)s)
  AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
  AND (%(event_ids)s::uuid[] IS NULL OR event_id = ANY (%(event_ids)s::uuid[]))
  AND (%(event_types)s::text[] IS NULL OR event_type = ANY (%(event_types)s))
  AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)

-- name: dry_run
-- What `count` counts, up to one more than `most`: by bank, by state, and in all. Late is what a later event
-- of its customer follows, as in late.sql.
WITH matched AS (
    SELECT e.*
    FROM customer_events e
    WHERE e.publish_status = 'published'
      AND (e.deliver_status = 'pending' OR (%(include_failed)s AND e.deliver_status = 'failed'))
      AND greatest(e.published_at, e.deliver_last_tried_at)
          <= clock_timestamp() - make_interval(secs => %(grace_seconds)s)
      AND (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)
      AND (%(event_ids)s::uuid[] IS NULL OR e.event_id = ANY (%(event_ids)s::uuid[]))
      AND (%(event_types)s::text[] IS NULL OR e.event_type = ANY (%(event_types)s))
      AND (%(since)s::timestamptz IS NULL OR e.created_at >= %(since)s)
    LIMIT %(most)s + 1
), told AS (
    SELECT m.consumer_id, c.name AS consumer_name, m.customer_id, m.created_at,
           event_state(m.publish_status, m.deliver_status, m.deliver_failure_reason, NULL, false)
               AS state,
           EXISTS (SELECT FROM customer_events later
                   WHERE later.customer_id = m.customer_id AND later.sequence > m.sequence) AS late
    FROM matched m
    JOIN consumers c ON c.consumer_id = m.consumer_id
)
SELECT consumer_id, consumer_name, state, count(*) AS events,
       count(DISTINCT customer_id) AS customers, min(created_at) AS oldest,
       max(created_at) AS newest, count(*) FILTER (WHERE late) AS late
FROM told
GROUP BY GROUPING SETS ((consumer_id, consumer_name), (state), ())
ORDER BY consumer_name, state

-- name: left_out
-- How many of these events may have a copy in the queue: because it is not empty, or because nobody knows
-- it since the copy was sent.
SELECT count(*) FILTER (WHERE known AND NOT empty) AS queue_not_empty,
       count(*) FILTER (WHERE known IS NOT TRUE) AS queue_not_observed
FROM customer_events e
LEFT JOIN queue_observations o ON o.consumer_id = e.consumer_id
LEFT JOIN webhooks w ON w.consumer_id = e.consumer_id
CROSS JOIN LATERAL (
    SELECT greatest(e.published_at, e.deliver_last_tried_at) AS sent_at) copy
CROSS JOIN LATERAL (
    SELECT CASE WHEN w.consumer_id IS NULL THEN o.ready = 0 AND o.unacknowledged = 0
                ELSE NOT EXISTS (SELECT FROM webhook_copies k WHERE k.event_id = e.event_id)
           END AS empty,
           w.consumer_id IS NOT NULL
           OR o.ready + o.unacknowledged IS NOT NULL
           AND o.observed_at > clock_timestamp() - make_interval(secs => %(observation_seconds)s)
           AND o.observed_at >= sent_at + make_interval(secs => %(figures_delay_seconds)s) AS known
    ) queue
WHERE e.publish_status = 'published'
  AND (e.deliver_status = 'pending' OR (%(include_failed)s AND e.deliver_status = 'failed'))
  AND sent_at <= clock_timestamp() - make_interval(secs => %(grace_seconds)s)
  AND sent_at > clock_timestamp()
                - make_interval(secs => %(ttl_seconds)s + %(figures_delay_seconds)s)
  AND (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)
  AND (%(event_ids)s::uuid[] IS NULL OR e.event_id = ANY (%(event_ids)s::uuid[]))
  AND (%(event_types)s::text[] IS NULL OR e.event_type = ANY (%(event_types)s))
  AND (%(since)s::timestamptz IS NULL OR e.created_at >= %(since)s)

-- name: plan
-- As in resend.sql.
SELECT set_config('enable_sort', 'off', true), set_config('jit', 'off', true)

-- name: claim
-- Columns, banks and shares as in resend.sql. A bank whose queue is not known to be empty may get only what
-- is older than the TTL. An event is as old as its last copy or older, so that is looked up.
-- Events tried in this run are younger than the observation of their queue, so they are not claimed
-- again. The position is compared too, because of copies that are older than the TTL.
-- An event that was never redelivered waits for the grace period. After that each wait is twice the one
-- before, up to the longest.
WITH bank AS MATERIALIZED (
    SELECT c.consumer_id, c.name, c.message_format, from_at, from_id, until_at, empty, o.observed_at,
           w.consumer_id IS NOT NULL AS by_webhook,
           greatest(%(batch)s / count(*) OVER (), 1) AS share
    FROM consumers c
    LEFT JOIN queue_observations o ON o.consumer_id = c.consumer_id
    LEFT JOIN webhooks w ON w.consumer_id = c.consumer_id
    LEFT JOIN unnest(%(owners)s::uuid[], %(after_created_at)s::timestamptz[], %(after_event_id)s::uuid[])
              AS visited (owner, created_at, event_id) ON visited.owner = c.consumer_id
    CROSS JOIN LATERAL (
        SELECT coalesce(visited.created_at, '-infinity') AS from_at,
               coalesce(visited.event_id, '00000000-0000-0000-0000-000000000000') AS from_id,
               w.consumer_id IS NOT NULL
               OR (o.ready = 0 AND o.unacknowledged = 0
                   AND o.observed_at
                       > clock_timestamp() - make_interval(secs => %(observation_seconds)s))
                   AS empty) known
    CROSS JOIN LATERAL (
        SELECT clock_timestamp() - make_interval(secs => CASE
                   WHEN empty THEN %(grace_seconds)s
                   ELSE greatest(%(grace_seconds)s, %(ttl_seconds)s + %(figures_delay_seconds)s)
               END) AS until_at) bound
    CROSS JOIN LATERAL (
        SELECT FROM customer_events e
        WHERE e.consumer_id = c.consumer_id AND e.publish_status = 'published'
          AND (e.deliver_status = 'pending' OR (%(include_failed)s AND e.deliver_status = 'failed'))
          AND (e.created_at, e.event_id) > (from_at, from_id) AND e.created_at <= until_at
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
           e.metadata_json, e.created_at, e.publish_try_count,
           e.deliver_try_count + 1 AS deliver_try_count, e.sent_late_at,
           (SELECT epoch FROM recovery) AS epoch
    FROM customer_events e
    CROSS JOIN LATERAL (
        SELECT greatest(e.published_at, e.deliver_last_tried_at) AS sent_at) copy
    WHERE e.consumer_id = bank.consumer_id AND e.publish_status = 'published'
      AND (e.deliver_status = 'pending' OR (%(include_failed)s AND e.deliver_status = 'failed'))
      AND (e.created_at, e.event_id) > (bank.from_at, bank.from_id) AND e.created_at <= bank.until_at
      AND sent_at <= clock_timestamp() - make_interval(secs => greatest(
              %(grace_seconds)s,
              CASE WHEN e.deliver_try_count = 0 THEN 0
                   ELSE least(%(longest_wait_seconds)s,
                              %(first_wait_seconds)s * 2.0 ^ least(e.deliver_try_count - 1, 30))
              END))
      AND (sent_at <= clock_timestamp()
                      - make_interval(secs => %(ttl_seconds)s + %(figures_delay_seconds)s)
           OR bank.by_webhook
           OR (bank.empty
               AND bank.observed_at >= sent_at + make_interval(secs => %(figures_delay_seconds)s)))
      AND NOT (bank.by_webhook
               AND EXISTS (SELECT FROM webhook_copies k WHERE k.event_id = e.event_id))
      AND (%(event_ids)s::uuid[] IS NULL OR e.event_id = ANY (%(event_ids)s::uuid[]))
      AND (%(event_types)s::text[] IS NULL OR e.event_type = ANY (%(event_types)s))
      AND (%(since)s::timestamptz IS NULL OR e.created_at >= %(since)s)
      AND (%(max_try_count)s::integer IS NULL OR e.deliver_try_count < %(max_try_count)s)
    ORDER BY e.created_at, e.event_id
    LIMIT bank.share
    FOR UPDATE OF e SKIP LOCKED) found
ORDER BY found.created_at, found.event_id

-- name: barriers
-- Only a rewind holds back events that were published. It is asked here, after the claim's locks.
SELECT lane.key, 0 AS position
FROM unnest(%(keys)s::uuid[], %(owners)s::uuid[]) AS lane (key, owner)
WHERE lane.owner IN (SELECT consumer_id FROM replay_jobs WHERE status <> 'done')

-- name: confirmed
-- Sets the delivery back to pending, because a failed event that was sent again is under way.
WITH told AS (
    UPDATE customer_events
    SET deliver_status = 'pending', deliver_try_count = deliver_try_count + 1,
        deliver_last_tried_at = clock_timestamp()
    WHERE event_id = ANY (%(ids)s::uuid[])
    RETURNING event_id, consumer_id
)
INSERT INTO event_attempts (event_id, consumer_id, by, outcome, caused_by)
SELECT event_id, consumer_id, %(by)s, 'confirmed', %(caused_by)s
FROM told

-- name: failed
-- Silence too: its copy may have arrived, and the number tells it from the next one.
WITH told AS (
    UPDATE customer_events e
    SET deliver_try_count = e.deliver_try_count + 1, deliver_last_tried_at = clock_timestamp(),
        deliver_failure_reason = tried.reason
    FROM unnest(%(ids)s::uuid[], %(reasons)s::text[], %(outcomes)s::text[])
             AS tried (event_id, reason, outcome)
    WHERE e.event_id = tried.event_id
    RETURNING e.event_id, e.consumer_id, tried.outcome, tried.reason
)
INSERT INTO event_attempts (event_id, consumer_id, by, outcome, words, caused_by)
SELECT event_id, consumer_id, %(by)s, outcome, left(reason, 1000), %(caused_by)s
FROM told
