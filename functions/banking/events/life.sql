-- Reads one event's whole life, and the lane of a customer. consumer_id is NULL only for the admin.

-- name: read_event
-- The lane: where the event waits, who is first, how many wait behind it; counted up to a bound. A copy of a rewind
-- may be first.
-- was_called: it was published since its bank is called. former, rewind: how long it waited for its
-- predecessor, or for a rewind. A predecessor that was sent late
-- had been given up before: its last attempt in vain tells when.
SELECT e.event_id, e.consumer_id, c.name AS consumer_name, e.customer_id, e.sequence, e.event_type,
       e.source_service, e.created_at, e.publish_status, e.published_at, e.publish_try_count,
       e.publish_last_tried_at, e.publish_failure_reason, e.deliver_status, e.delivered_at,
       e.deliver_try_count, e.deliver_last_tried_at, e.deliver_failure_reason,
       e.publish_given_up_at, e.sent_late_at,
       CASE WHEN %(payload)s THEN e.payload_json END AS payload, e.metadata_json AS metadata,
       e.metadata_json ->> 'request_id' AS request_id,
       event_state(e.publish_status, e.deliver_status, e.deliver_failure_reason, r.processing_status,
                   head.sequence < e.sequence) AS state,
       CASE WHEN head.sequence < e.sequence THEN head.event_id END AS waits_behind,
       head.event_id AS head_event_id, lane.before, lane.behind,
       former.released_at, former.sequence AS former_sequence,
       rewind.created_at AS rewind_from, rewind.finished_at AS rewind_until,
       coalesce(e.published_at >= w.created_at, false) AS was_called, clock_timestamp() AS now
FROM customer_events e
JOIN consumers c ON c.consumer_id = e.consumer_id
LEFT JOIN webhooks w ON w.consumer_id = e.consumer_id
LEFT JOIN consumer_event_receipts r ON r.consumer_id = e.consumer_id AND r.event_id = e.event_id
LEFT JOIN LATERAL (
    SELECT first.event_id, first.sequence
    FROM ((SELECT h.event_id, h.sequence
           FROM customer_events h
           WHERE h.customer_id = e.customer_id AND h.publish_status = 'pending'
           ORDER BY h.sequence
           LIMIT 1)
          UNION ALL
          (SELECT k.event_id, k.sequence
           FROM webhook_copies k
           WHERE k.customer_id = e.customer_id AND k.goes_first AND e.publish_status = 'pending'
           ORDER BY k.sequence
           LIMIT 1)) first
    ORDER BY first.sequence
    LIMIT 1) head ON true
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE p.sequence < e.sequence) AS before,
           count(*) FILTER (WHERE p.sequence > e.sequence) AS behind
    FROM (SELECT p.sequence FROM customer_events p
          WHERE p.customer_id = e.customer_id AND p.publish_status = 'pending'
          ORDER BY p.sequence
          LIMIT %(most)s) p) lane
LEFT JOIN LATERAL (
    SELECT p.sequence,
           CASE WHEN p.publish_status = 'pending' THEN NULL
                WHEN p.publish_given_up_at IS NOT NULL THEN p.publish_given_up_at
                WHEN p.publish_status = 'failed' THEN p.publish_last_tried_at
                WHEN p.sent_late_at IS NULL THEN p.published_at
                ELSE (SELECT max(a.at) FROM event_attempts a
                      WHERE a.event_id = p.event_id AND a.outcome <> 'confirmed'
                        AND a.at <= e.published_at) END AS released_at
    FROM customer_events p
    WHERE p.customer_id = e.customer_id AND p.sequence = e.sequence - 1) former ON true
LEFT JOIN LATERAL (
    SELECT j.created_at, j.finished_at
    FROM replay_jobs j
    WHERE j.consumer_id = e.consumer_id AND j.kind = 'rewind' AND e.sequence > 1
      AND j.created_at < coalesce(e.published_at, clock_timestamp())
      AND (j.finished_at IS NULL OR j.finished_at > e.created_at)
    ORDER BY j.created_at DESC
    LIMIT 1) rewind ON true
WHERE e.event_id = %(event_id)s
  AND (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)

-- name: read_receipts
-- consumer_id is the event's: the index begins with it.
SELECT processing_status, received_at, processing_failure_reason, created_at, updated_at
FROM consumer_event_receipts
WHERE consumer_id = %(consumer_id)s AND event_id = %(event_id)s

-- name: read_dead_letters
SELECT dead_letter_id, reason, superseded, created_at, resolved_at, requeued_at
FROM dead_letters
WHERE event_id = %(event_id)s
  AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
ORDER BY created_at
LIMIT 100

-- name: read_attempts
-- The newest, oldest first.
SELECT newest.at, newest.by, newest.outcome, newest.words, newest.caused_by
FROM (SELECT a.* FROM event_attempts a
      WHERE a.event_id = %(event_id)s
        AND (%(consumer_id)s::uuid IS NULL OR a.consumer_id = %(consumer_id)s)
      ORDER BY a.attempt_id DESC
      LIMIT 200) newest
ORDER BY newest.attempt_id

-- name: find_customer
-- Its newest event tells whose it is, also when it is deleted, and when all of its events are archived. Whose it
-- is, is asked of the one row. is_called: its bank is called by webhook.
SELECT e.customer_id, e.consumer_id, c.name AS consumer_name,
       c.consumer_id IN (SELECT w.consumer_id FROM webhooks w) AS is_called
FROM (SELECT * FROM (SELECT newest.customer_id, newest.consumer_id FROM customer_events newest
                     WHERE newest.customer_id = %(customer_id)s
                     ORDER BY newest.sequence DESC
                     LIMIT 1) kept
      UNION ALL
      SELECT * FROM (SELECT newest.customer_id, newest.consumer_id FROM archived_events newest
                     WHERE newest.customer_id = %(customer_id)s
                     ORDER BY newest.sequence DESC
                     LIMIT 1) archived
      LIMIT 1) e
JOIN consumers c ON c.consumer_id = e.consumer_id
WHERE (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)

-- name: read_first_copy
-- The first event of a customer that a rewind sends again by webhook: all later ones wait for it.
SELECT e.event_id, e.consumer_id, e.customer_id, e.sequence, e.event_type, e.source_service,
       e.created_at, e.publish_status, e.published_at, e.publish_try_count,
       e.publish_last_tried_at, e.publish_failure_reason, e.deliver_status, e.delivered_at,
       e.deliver_try_count, e.deliver_last_tried_at, e.deliver_failure_reason,
       e.publish_given_up_at, e.sent_late_at,
       event_state(e.publish_status, e.deliver_status, e.deliver_failure_reason, r.processing_status,
                   false) AS state,
       CASE WHEN k.tries > 0 THEN
           (SELECT a.words FROM event_attempts a
            WHERE a.event_id = k.event_id AND a.consumer_id = k.consumer_id AND a.by = 'webhook'
              AND a.outcome <> 'confirmed'
            ORDER BY a.attempt_id DESC
            LIMIT 1) END AS refused
FROM webhook_copies k
JOIN customer_events e ON e.event_id = k.event_id
LEFT JOIN consumer_event_receipts r ON r.consumer_id = e.consumer_id AND r.event_id = e.event_id
WHERE k.customer_id = %(customer_id)s AND k.goes_first
  AND (%(consumer_id)s::uuid IS NULL OR k.consumer_id = %(consumer_id)s)
ORDER BY k.sequence
LIMIT 1

-- name: read_lane
-- The head and those behind it, in order; behind a copy all are.
SELECT e.event_id, e.consumer_id, e.customer_id, e.sequence, e.event_type, e.source_service,
       e.created_at, e.publish_status, e.published_at, e.publish_try_count,
       e.publish_last_tried_at, e.publish_failure_reason, e.deliver_status, e.delivered_at,
       e.deliver_try_count, e.deliver_last_tried_at, e.deliver_failure_reason,
       e.publish_given_up_at, e.sent_late_at,
       event_state(e.publish_status, e.deliver_status, e.deliver_failure_reason, NULL,
                   row_number() OVER (ORDER BY e.sequence) > 1
                   OR coalesce(e.sequence > %(copy_sequence)s::bigint, false)) AS state,
       e.created_at > clock_timestamp() - make_interval(secs => %(handoff_seconds)s) AS in_hand
FROM customer_events e
WHERE e.customer_id = %(customer_id)s AND e.publish_status = 'pending'
  AND (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)
ORDER BY e.sequence
LIMIT %(limit)s

-- name: sum_up_lane
-- Counts up to a bound, and looks at so many of the newest events that are not pending.
SELECT (SELECT count(*)
        FROM (SELECT FROM customer_events e
              WHERE e.customer_id = %(customer_id)s AND e.publish_status = 'pending'
                AND (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)
              LIMIT %(most)s) pending)
       + (SELECT count(*)
          FROM (SELECT FROM webhook_copies k
                WHERE k.customer_id = %(customer_id)s AND k.goes_first
                  AND (%(consumer_id)s::uuid IS NULL OR k.consumer_id = %(consumer_id)s)
                LIMIT %(most)s) copied) AS waiting_count,
       (SELECT count(*) FILTER (WHERE newest.publish_status = 'failed')
        FROM (SELECT e.publish_status FROM customer_events e
              WHERE e.customer_id = %(customer_id)s
                AND (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)
              ORDER BY e.sequence DESC
              LIMIT %(most)s) newest) AS given_up_count,
       (SELECT sent.sequence
        FROM (SELECT e.event_id, e.consumer_id, e.sequence, e.deliver_status FROM customer_events e
              WHERE e.customer_id = %(customer_id)s
                AND (%(head_sequence)s::bigint IS NULL OR e.sequence < %(head_sequence)s)
                AND (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)
              ORDER BY e.sequence DESC
              LIMIT %(most)s) sent
        WHERE sent.deliver_status = 'delivered'
          AND coalesce((SELECT r.processing_status FROM consumer_event_receipts r
                        WHERE r.consumer_id = sent.consumer_id AND r.event_id = sent.event_id),
                       'processed') = 'processed'
        ORDER BY sent.sequence DESC
        LIMIT 1) AS last_processed_sequence
