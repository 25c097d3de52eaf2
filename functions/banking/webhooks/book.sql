-- The statements of the lanes: which banks are to be called, claims by lease, and what came of them. The lane is the
-- bank. A transaction takes locks in this order: lanes, turns, receipts, events, copies. Confirmations by API lock a
-- receipt before its event, too.
--
-- A customer's event may go if no earlier one of it is pending and nothing of it is under way. An event that waits
-- for its next try holds back its customer by being pending, and no other way: when it is given up, the next may go.
-- Its turn says when it may be tried again. If a copy has taken the turn meanwhile, the time of its last try does.

-- name: due
-- Banks that may be called now and have something to send, the least recently served first. A test goes whatever
-- the state of the lane and whatever is under way: so a lane has room for one. concurrency: what other runs leave of the
-- bank's bound; each lease of theirs may be a call. The claim decides.
SELECT w.consumer_id AS lane_id, w.failures,
       greatest(1, w.max_in_flight
                   - (SELECT count(*) FROM webhook_turns t
                      WHERE t.consumer_id = w.consumer_id AND t.lease_until > clock_timestamp()
                        AND t.lease_token <> ALL (%(own)s::uuid[]))) AS concurrency
FROM webhooks w
JOIN consumers c ON c.consumer_id = w.consumer_id AND c.status = 'active'
WHERE EXISTS (SELECT FROM webhook_tests t
              WHERE t.consumer_id = w.consumer_id AND t.taken_at IS NULL
                AND t.created_at > clock_timestamp() - interval '2 minutes')
   OR ((w.open_until IS NULL OR w.open_until <= clock_timestamp())
       AND w.consumer_id NOT IN (SELECT consumer_id FROM replay_jobs WHERE status <> 'done')
       AND (EXISTS (SELECT FROM customer_events e
                    LEFT JOIN webhook_turns t ON t.customer_id = e.customer_id
                    WHERE e.consumer_id = w.consumer_id AND e.publish_status = 'pending'
                      AND (t.lease_until IS NULL OR t.lease_until <= clock_timestamp())
                      AND CASE WHEN t.event_id = e.event_id THEN t.next_attempt_at <= clock_timestamp()
                               ELSE e.publish_last_tried_at IS NULL
                                    OR e.publish_last_tried_at + make_interval(
                                           secs => (%(waits)s::float8[])[greatest(1, least(
                                               e.publish_try_count, cardinality(%(waits)s::float8[])))])
                                       <= clock_timestamp() END
                      AND NOT EXISTS (SELECT FROM customer_events earlier
                                      WHERE earlier.customer_id = e.customer_id
                                        AND earlier.sequence < e.sequence
                                        AND earlier.publish_status = 'pending')
                      AND NOT EXISTS (SELECT FROM webhook_copies earlier
                                      WHERE earlier.customer_id = e.customer_id
                                        AND earlier.sequence < e.sequence AND earlier.goes_first))
            OR EXISTS (SELECT FROM webhook_copies k
                       LEFT JOIN webhook_turns t ON t.customer_id = k.customer_id
                       WHERE k.consumer_id = w.consumer_id AND k.due_at <= statement_timestamp()
                         AND (t.lease_until IS NULL OR t.lease_until <= clock_timestamp())
                         AND NOT EXISTS (SELECT FROM webhook_copies earlier
                                         WHERE earlier.customer_id = k.customer_id
                                           AND earlier.sequence < k.sequence
                                           AND earlier.goes_first))))
ORDER BY w.last_served_at NULLS FIRST, w.consumer_id

-- name: wait
-- The seconds until something becomes due; `due` says what is. Of a lane that is closed it is asked only whether
-- anything waits: its backlog may be of days. What became due since `due` was asked is due now.
SELECT extract(epoch FROM min(next.at) - clock_timestamp()) AS seconds
FROM webhooks w
JOIN consumers c ON c.consumer_id = w.consumer_id AND c.status = 'active'
CROSS JOIN LATERAL (
    SELECT w.open_until AS at
    WHERE w.open_until > clock_timestamp()
      AND (EXISTS (SELECT FROM customer_events e
                   WHERE e.consumer_id = w.consumer_id AND e.publish_status = 'pending')
           OR EXISTS (SELECT FROM webhook_copies k WHERE k.consumer_id = w.consumer_id))
    UNION ALL
    (SELECT t.next_attempt_at
     FROM webhook_turns t
     JOIN customer_events e ON e.event_id = t.event_id AND e.publish_status = 'pending'
     WHERE t.consumer_id = w.consumer_id
       AND (w.open_until IS NULL OR w.open_until <= clock_timestamp())
       AND t.next_attempt_at > clock_timestamp() - interval '1 second'
       AND (t.lease_until IS NULL OR t.lease_until <= clock_timestamp())
     ORDER BY t.next_attempt_at
     LIMIT 1)
    UNION ALL
    (SELECT k.due_at
     FROM webhook_copies k
     LEFT JOIN webhook_turns t ON t.customer_id = k.customer_id
     WHERE k.consumer_id = w.consumer_id
       AND (w.open_until IS NULL OR w.open_until <= clock_timestamp())
       AND k.due_at > clock_timestamp() - interval '1 second'
       AND (t.lease_until IS NULL OR t.lease_until <= clock_timestamp())
     ORDER BY k.due_at
     LIMIT 1)) next
WHERE (w.open_until IS NULL OR w.open_until < 'infinity')
  AND w.consumer_id NOT IN (SELECT consumer_id FROM replay_jobs WHERE status <> 'done')

-- name: take_turn
-- The lane's turn, and its lock until the claim commits: claims of one bank follow each other, and each sees what the
-- one before has leased. A lane that failed or is blocked gets one event, its probe, and nobody else serves it until
-- the probe's lease ends. Without sorting the planner must walk the index of pending events, as in resend.sql.
UPDATE webhooks w
SET last_served_at = clock_timestamp(),
    probe_token = CASE WHEN w.state IN ('failing', 'blocked') THEN %(token)s::uuid END,
    open_until = CASE WHEN w.state IN ('failing', 'blocked')
                      THEN clock_timestamp() + make_interval(secs => %(lease_seconds)s) END
FROM consumers c
WHERE w.consumer_id = %(consumer_id)s AND c.consumer_id = w.consumer_id AND c.status = 'active'
  AND (w.open_until IS NULL OR w.open_until <= clock_timestamp())
RETURNING w.consumer_id AS lane_id, c.name AS consumer_name, w.max_in_flight AS concurrency, w.failures,
          w.state IN ('failing', 'blocked') AS is_probe, w.url, w.timeout_seconds,
          w.secret_seeds, w.former_until > clock_timestamp() AS both_sign,
          w.configured_at::text AS configured_at,
          set_config('enable_sort', 'off', true), set_config('jit', 'off', true)

-- name: claim
-- A statement of its own on purpose: its snapshot is taken after the lane's lock. It sees every lease of the bank, and
-- a rewind, which takes the same lock. What is new goes first, behind it the copies, one event of a customer at a
-- time; copies of a rewind keep their order, and all else of the customer waits for them. A copy that the bank has
-- settled meanwhile does not go and is dropped, some at a time; so is one whose event is archived. A run may call
-- for as many customers as the leases of others leave, and lease ahead for some times as many. So all together never
-- call for more than most: who leased last has counted every lease of the others.
WITH held AS (
    SELECT count(*) AS leased,
           count(*) FILTER (WHERE lease_token <> ALL (%(own)s::uuid[])) AS others
    FROM webhook_turns
    WHERE consumer_id = %(consumer_id)s AND lease_until > clock_timestamp()
), room AS (
    SELECT greatest(0, least(%(requests)s, %(ahead)s * (%(most)s - others) - (leased - others))) AS most
    FROM held
), settled AS (
    DELETE FROM webhook_copies
    WHERE event_id IN (
        SELECT k.event_id
        FROM webhook_copies k
        LEFT JOIN customer_events e ON e.event_id = k.event_id
        LEFT JOIN consumer_event_receipts r
               ON r.consumer_id = k.consumer_id AND r.event_id = k.event_id
        WHERE k.consumer_id = %(consumer_id)s AND k.due_at <= statement_timestamp()
          AND (e.event_id IS NULL
               OR (k.by = 'webhook'
                   AND (e.publish_status <> 'published' OR e.deliver_status = 'failed'
                        OR (e.deliver_status = 'delivered'
                            AND coalesce(r.processing_status, 'processed') = 'processed'))))
        LIMIT 1000)
    RETURNING event_id
), untried AS (
    SELECT e.event_id, e.customer_id, NULL::integer AS copy_tries, t.lease_token IS NOT NULL AS taken_over,
           e.publish_last_tried_at IS NOT NULL AS is_retry
    FROM customer_events e
    LEFT JOIN webhook_turns t ON t.customer_id = e.customer_id
    WHERE e.consumer_id = %(consumer_id)s AND e.publish_status = 'pending'
      AND %(consumer_id)s::uuid NOT IN (SELECT consumer_id FROM replay_jobs WHERE status <> 'done')
      AND (t.lease_until IS NULL OR t.lease_until <= clock_timestamp())
      AND t.event_id IS DISTINCT FROM e.event_id
      AND (e.publish_last_tried_at IS NULL
           OR e.publish_last_tried_at + make_interval(
                  secs => (%(waits)s::float8[])[greatest(1, least(
                      e.publish_try_count, cardinality(%(waits)s::float8[])))]) <= clock_timestamp())
      AND NOT EXISTS (SELECT FROM customer_events earlier
                      WHERE earlier.customer_id = e.customer_id AND earlier.sequence < e.sequence
                        AND earlier.publish_status = 'pending')
      AND NOT EXISTS (SELECT FROM webhook_copies earlier
                      WHERE earlier.customer_id = e.customer_id AND earlier.sequence < e.sequence
                        AND earlier.goes_first)
    ORDER BY e.created_at, e.event_id
    LIMIT (SELECT most FROM room)
), retries AS (
    SELECT e.event_id, e.customer_id, NULL::integer, t.lease_token IS NOT NULL, true
    FROM webhook_turns t
    JOIN customer_events e ON e.event_id = t.event_id AND e.publish_status = 'pending'
    WHERE t.consumer_id = %(consumer_id)s AND t.next_attempt_at <= clock_timestamp()
      AND %(consumer_id)s::uuid NOT IN (SELECT consumer_id FROM replay_jobs WHERE status <> 'done')
      AND (t.lease_until IS NULL OR t.lease_until <= clock_timestamp())
      AND NOT EXISTS (SELECT FROM customer_events earlier
                      WHERE earlier.customer_id = e.customer_id AND earlier.sequence < e.sequence
                        AND earlier.publish_status = 'pending')
      AND NOT EXISTS (SELECT FROM webhook_copies earlier
                      WHERE earlier.customer_id = e.customer_id AND earlier.sequence < e.sequence
                        AND earlier.goes_first)
    ORDER BY t.next_attempt_at
    LIMIT (SELECT most FROM room)
), heads AS (
    SELECT event_id, customer_id, copy_tries, taken_over
    FROM (SELECT * FROM untried UNION ALL SELECT * FROM retries) of_both
    ORDER BY is_retry = %(is_probe)s
    LIMIT (SELECT most FROM room)
), copies AS (
    SELECT k.event_id, k.customer_id, k.tries AS copy_tries, t.lease_token IS NOT NULL AS taken_over
    FROM webhook_copies k
    JOIN customer_events e ON e.event_id = k.event_id
    LEFT JOIN consumer_event_receipts r ON r.consumer_id = k.consumer_id AND r.event_id = k.event_id
    LEFT JOIN webhook_turns t ON t.customer_id = k.customer_id
    WHERE k.consumer_id = %(consumer_id)s AND k.due_at <= statement_timestamp()
      AND NOT (k.by = 'webhook'
               AND (e.publish_status <> 'published' OR e.deliver_status = 'failed'
                    OR (e.deliver_status = 'delivered'
                        AND coalesce(r.processing_status, 'processed') = 'processed')))
      AND %(consumer_id)s::uuid NOT IN (SELECT consumer_id FROM replay_jobs WHERE status <> 'done')
      AND (t.lease_until IS NULL OR t.lease_until <= clock_timestamp())
      AND k.customer_id NOT IN (SELECT customer_id FROM heads)
      AND NOT EXISTS (SELECT FROM webhook_copies earlier
                      WHERE earlier.customer_id = k.customer_id AND earlier.sequence < k.sequence
                        AND (earlier.goes_first OR earlier.due_at <= statement_timestamp())
                        AND earlier.event_id NOT IN (SELECT event_id FROM settled))
    ORDER BY k.due_at
    LIMIT (SELECT most - (SELECT count(*) FROM heads) FROM room)
), chosen AS (
    SELECT * FROM heads UNION ALL SELECT * FROM copies
), leased AS (
    INSERT INTO webhook_turns AS t
        (customer_id, consumer_id, event_id, lease_token, lease_until, next_attempt_at)
    SELECT customer_id, %(consumer_id)s, event_id, %(token)s, until.at, until.at
    FROM chosen
    CROSS JOIN (SELECT clock_timestamp() + make_interval(secs => %(lease_seconds)s) AS at) until
    ON CONFLICT (customer_id) DO UPDATE
        SET event_id = excluded.event_id, lease_token = excluded.lease_token,
            lease_until = excluded.lease_until, next_attempt_at = excluded.next_attempt_at,
            last_attempt_at = CASE WHEN t.event_id = excluded.event_id THEN t.last_attempt_at END
    RETURNING event_id
)
SELECT e.event_id, e.consumer_id, e.customer_id, e.sequence, e.event_type, e.payload_json,
       e.metadata_json, e.created_at, e.publish_try_count, e.deliver_try_count, e.sent_late_at,
       e.publish_last_tried_at, (SELECT epoch FROM recovery) AS epoch,
       sending_format(%(consumer_id)s) AS message_format, chosen.copy_tries, chosen.taken_over,
       (SELECT others FROM held) AS others
FROM leased
JOIN chosen ON chosen.event_id = leased.event_id
JOIN customer_events e ON e.event_id = leased.event_id
ORDER BY e.created_at, e.event_id

-- name: renew
-- Nothing is renewed if the lane is closed now, or a rewind has begun.
UPDATE webhook_turns t
SET lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s),
    next_attempt_at = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
FROM webhooks w
JOIN consumers c ON c.consumer_id = w.consumer_id AND c.status = 'active'
CROSS JOIN unnest(%(customers)s::uuid[], %(tokens)s::uuid[]) AS leased (customer_id, token)
WHERE w.consumer_id = %(consumer_id)s
  AND (w.open_until IS NULL OR w.open_until <= clock_timestamp())
  AND w.consumer_id NOT IN (SELECT consumer_id FROM replay_jobs WHERE status <> 'done')
  AND t.customer_id = leased.customer_id AND t.lease_token = leased.token
RETURNING t.event_id

-- name: release
-- What was not sent is due again.
UPDATE webhook_turns t
SET lease_token = NULL, lease_until = NULL, next_attempt_at = clock_timestamp()
FROM unnest(%(customers)s::uuid[], %(tokens)s::uuid[]) AS leased (customer_id, token)
WHERE t.customer_id = leased.customer_id AND t.lease_token = leased.token

-- name: probe_again
-- A probe whose event was not sent after all says nothing: the next event may be tried at once. A lane that waits for
-- a person goes on waiting.
UPDATE webhooks w
SET open_until = clock_timestamp()
FROM unnest(%(lanes)s::uuid[], %(tokens)s::uuid[]) AS unsent (consumer_id, token)
WHERE w.consumer_id = unsent.consumer_id AND w.probe_token = unsent.token
  AND w.state IN ('failing', 'blocked') AND w.open_until < 'infinity'

-- name: lock_lanes
-- Locked in one order, so that two processes do not wait for each other in a circle.
SELECT w.consumer_id AS lane_id, w.state, w.reason, w.failures, w.refusals, w.probe_token,
       coalesce(w.open_until > clock_timestamp(), false) AS is_closed, w.last_delivered_at,
       w.configured_at::text AS configured_at
FROM webhooks w
WHERE w.consumer_id = ANY (%(lanes)s::uuid[])
ORDER BY w.consumer_id
FOR UPDATE

-- name: note_lanes
UPDATE webhooks w
SET failures = next.failures, refusals = next.refusals, state = next.state, reason = next.reason,
    since = CASE WHEN next.state = w.state THEN w.since ELSE clock_timestamp() END,
    open_until = greatest(
        CASE WHEN next.closed THEN w.open_until END,
        CASE WHEN next.wait = 'infinity' THEN 'infinity'
             ELSE clock_timestamp() + make_interval(secs => next.wait) END),
    last_delivered_at = CASE WHEN next.delivered THEN clock_timestamp()
                             ELSE w.last_delivered_at END
FROM unnest(%(lanes)s::uuid[], %(state)s::text[], %(reason)s::text[], %(failures)s::integer[],
            %(refusals)s::integer[], %(wait)s::float8[], %(closed)s::boolean[],
            %(delivered)s::boolean[])
         AS next (consumer_id, state, reason, failures, refusals, wait, closed, delivered)
WHERE w.consumer_id = next.consumer_id

-- name: lock_turns
-- Those whose lease was not lost, in one order.
SELECT t.customer_id, t.event_id, t.last_attempt_at,
       t.lease_until - make_interval(secs => %(lease_seconds)s) AS leased_at
FROM webhook_turns t
JOIN unnest(%(customers)s::uuid[], %(tokens)s::uuid[]) AS leased (customer_id, token)
  ON t.customer_id = leased.customer_id AND t.lease_token = leased.token
ORDER BY t.customer_id
FOR UPDATE OF t

-- name: end_turns
DELETE FROM webhook_turns WHERE customer_id = ANY (%(customers)s::uuid[])

-- name: try_later
UPDATE webhook_turns t
SET lease_token = NULL, lease_until = NULL,
    next_attempt_at = clock_timestamp() + make_interval(secs => later.wait * (0.8 + 0.4 * random())),
    last_attempt_at = CASE WHEN later.requested THEN clock_timestamp() ELSE t.last_attempt_at END
FROM unnest(%(customers)s::uuid[], %(waits)s::float8[], %(requested)s::boolean[])
         AS later (customer_id, wait, requested)
WHERE t.customer_id = later.customer_id

-- name: mark_published
-- Of these the bank had said as much before, or says that they failed; see `confirm`.
UPDATE customer_events
SET publish_status = 'published', published_at = coalesce(published_at, clock_timestamp()),
    publish_last_tried_at = clock_timestamp(), publish_failure_reason = NULL
WHERE event_id = ANY (%(ids)s::uuid[]) AND publish_status <> 'failed'

-- name: mark_untaken
-- A try is spent by what is refused for itself; the last one fails the event. The first is counted already, as that of
-- a request is. What happened is kept, but of an erased customer no words.
WITH told AS (
    UPDATE customer_events e
    SET publish_try_count = tries.now,
        publish_last_tried_at = CASE WHEN tried.requested THEN clock_timestamp()
                                     ELSE e.publish_last_tried_at END,
        publish_failure_reason = kept_words(e.consumer_id, e.customer_id, tried.reason),
        publish_status = CASE WHEN tried.spends > 0 AND tries.now >= %(max_tries)s
                              THEN 'failed' ELSE 'pending' END
    FROM unnest(%(ids)s::uuid[], %(reasons)s::text[], %(outcomes)s::text[], %(spends)s::integer[],
                %(requested)s::boolean[]) AS tried (event_id, reason, outcome, spends, requested)
    JOIN customer_events was ON was.event_id = tried.event_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN was.publish_last_tried_at IS NULL THEN was.publish_try_count
                    ELSE was.publish_try_count + tried.spends END AS now) tries
    WHERE e.event_id = tried.event_id AND e.publish_status = 'pending'
    RETURNING e.event_id, e.consumer_id, tried.outcome, e.publish_failure_reason AS reason, tried.requested
)
INSERT INTO event_attempts (event_id, consumer_id, by, outcome, words)
SELECT event_id, consumer_id, 'webhook', outcome, left(reason, 1000)
FROM told
WHERE requested

-- name: mark_sent_again
-- A copy by `webhook` counts as one when the bank has answered it. Others were counted by who asked for them. It was
-- sent when it was leased, because the bank may confirm it before this mark, in its answer or by API. Of an erased
-- customer no words are kept.
WITH sent AS (
    SELECT told.event_id, told.outcome, told.reason, told.leased_at, k.by
    FROM unnest(%(ids)s::uuid[], %(outcomes)s::text[], %(reasons)s::text[], %(leased)s::timestamptz[])
             AS told (event_id, outcome, reason, leased_at)
    JOIN webhook_copies k ON k.event_id = told.event_id
), counted AS (
    UPDATE customer_events e
    SET deliver_try_count = e.deliver_try_count + (sent.by = 'webhook')::integer,
        deliver_last_tried_at = greatest(e.deliver_last_tried_at, sent.leased_at)
    FROM sent
    WHERE e.event_id = sent.event_id
    RETURNING e.event_id, e.consumer_id, sent.outcome, sent.by,
              kept_words(e.consumer_id, e.customer_id, nullif(sent.reason, '')) AS reason
)
INSERT INTO event_attempts (event_id, consumer_id, by, outcome, words)
SELECT event_id, consumer_id, 'webhook', outcome, left(reason, 1000)
FROM counted
WHERE by = 'webhook' OR outcome <> 'confirmed'

-- name: confirm
-- What the bank said in its answers, without words. It counts as a confirmation by API does, and locks as it does: it
-- must come before every statement that locks an event. Returns the events that changed: they are published.
SELECT confirm_deliveries(%(ids)s::uuid[], %(consumers)s::uuid[], %(statuses)s::text[]) AS event_id

-- name: confirm_failed
-- The same where the bank said why it failed. Each by itself: an erasure that begins meanwhile must know of the words.
SELECT confirm_delivery(said.event_id, said.consumer_id, 'failed', NULL, said.reason)
FROM unnest(%(ids)s::uuid[], %(consumers)s::uuid[], %(reasons)s::text[])
         AS said (event_id, consumer_id, reason)

-- name: plan_copies
-- What is not confirmed comes again; each wait is twice the one before, up to the longest.
INSERT INTO webhook_copies AS k (event_id, consumer_id, customer_id, sequence, due_at)
SELECT e.event_id, e.consumer_id, e.customer_id, e.sequence,
       clock_timestamp() + make_interval(secs => least(
           %(longest_wait_seconds)s,
           %(first_wait_seconds)s * 2.0 ^ least(e.deliver_try_count, 30)))
FROM customer_events e
WHERE e.event_id = ANY (%(ids)s::uuid[])
ON CONFLICT (event_id) DO UPDATE
    SET due_at = excluded.due_at, by = excluded.by, goes_first = false, tries = 0

-- name: end_copies
DELETE FROM webhook_copies WHERE event_id = ANY (%(ids)s::uuid[])

-- name: postpone_copies
UPDATE webhook_copies k
SET due_at = clock_timestamp() + make_interval(secs => later.wait), tries = k.tries + later.spends
FROM unnest(%(ids)s::uuid[], %(waits)s::float8[], %(spends)s::integer[])
         AS later (event_id, wait, spends)
WHERE k.event_id = later.event_id

-- name: take_test
UPDATE webhook_tests
SET taken_at = clock_timestamp()
WHERE test_id = (SELECT test_id
                 FROM webhook_tests
                 WHERE consumer_id = %(consumer_id)s AND taken_at IS NULL
                   AND created_at > clock_timestamp() - interval '2 minutes'
                 ORDER BY created_at
                 LIMIT 1
                 FOR UPDATE SKIP LOCKED)
RETURNING test_id, created_at

-- name: give_test_back
UPDATE webhook_tests SET taken_at = NULL WHERE test_id = %(test_id)s

-- name: read_lane
-- What a request to the bank needs, whatever the state of its lane.
SELECT w.consumer_id AS lane_id, c.name AS consumer_name, w.max_in_flight AS concurrency, w.failures,
       true AS is_probe, w.url, w.timeout_seconds, w.secret_seeds,
       w.former_until > clock_timestamp() AS both_sign, w.configured_at::text AS configured_at,
       c.message_format
FROM webhooks w
JOIN consumers c ON c.consumer_id = w.consumer_id
WHERE w.consumer_id = %(consumer_id)s

-- name: answer_test
UPDATE webhook_tests
SET answered_at = clock_timestamp(), outcome = %(outcome)s, message = %(message)s,
    http_status = %(http_status)s, duration_ms = %(duration_ms)s
WHERE test_id = %(test_id)s
