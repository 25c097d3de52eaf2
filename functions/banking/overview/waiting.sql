-- What waits now, and what has failed, per stream: read from partial indexes, and no more than so many rows of
-- each kind of a bank. Who has more waiting gets the count of the last minute instead.

-- name: read
-- A row per consumer in scope, but for one that has left: nobody publishes what it has left behind. A kind whose rows were not all read has `…_cut`. Letters count while they are open,
-- as in events/gauges.sql. Whether anything was ever confirmed is asked in the order of an index: EXISTS would read
-- all receipts one by one for a consumer that has none. At the bank is what it has received and what is not
-- elsewhere, because it was sent again: looking each event up would take twenty times as long as reading the indexes
-- of those that are, from the event of the first receipt on. NOT IN is hashed, because its bound lets it fit in
-- work_mem; it stands once, because each would be hashed anew. A receipt is younger than its event, so the oldest
-- receipt belongs to an event that is no younger than the receipt of the oldest event. A bank that is called refuses an
-- event if the event has spent more than one try: outages spend none. So it does a rewind's copy
-- that has spent one, since the rewind handed it over.
WITH strange AS MATERIALIZED (
    SELECT consumer_id, count(*) AS unmatched, min(created_at) AS oldest_unmatched_at
    FROM (SELECT consumer_id, created_at FROM dead_letters
          WHERE event_id IS NULL AND resolved_at IS NULL
            AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
          LIMIT %(most)s) each
    GROUP BY consumer_id
)
SELECT c.consumer_id, c.name, c.status, pending.*, given_up.*, undelivered.*, failed.*, at_bank.*,
       coalesce(strange.unmatched, 0) AS unmatched, strange.oldest_unmatched_at,
       k.expires_at AS key_expires_at, q.ready AS queue_depth, q.consumers AS readers,
       (SELECT said.event_id FROM consumer_event_receipts said
        WHERE said.consumer_id = c.consumer_id
        ORDER BY said.event_id
        LIMIT 1) IS NOT NULL AS has_confirmed,
       q.present, q.observed_at, w.state AS webhook_state, w.since AS webhook_since,
       coalesce(refusing.refused, 0) AS refused, refusing.oldest_refused_at, p.since AS paused_since, job.still_since AS replay_still_since,
       now AS at
FROM consumers c
CROSS JOIN clock_timestamp() AS now
CROSS JOIN LATERAL (
    SELECT count(*) AS pending, count(*) FILTER (WHERE place > 1) AS held_back,
           min(created_at) AS oldest_pending_at,
           min(created_at) FILTER (WHERE place > 1) AS oldest_held_back_at,
           count(*) >= %(most)s AS pending_cut
    FROM (SELECT created_at, row_number() OVER (PARTITION BY customer_id ORDER BY sequence) AS place
          FROM (SELECT e.customer_id, e.sequence, e.created_at
                FROM customer_events e
                WHERE e.consumer_id = c.consumer_id AND e.publish_status = 'pending'
                ORDER BY e.created_at, e.event_id
                LIMIT %(most)s) oldest) each) pending
CROSS JOIN LATERAL (
    SELECT count(*) AS publish_failed, min(created_at) AS oldest_publish_failed_at
    FROM (SELECT e.created_at FROM customer_events e
          WHERE e.consumer_id = c.consumer_id AND e.publish_status = 'failed'
          ORDER BY e.created_at, e.event_id
          LIMIT %(most)s) each) given_up
CROSS JOIN LATERAL (
    SELECT count(*) AS undelivered, min(created_at) AS oldest_undelivered_at,
           count(*) >= %(most)s AS undelivered_cut
    FROM (SELECT e.created_at FROM customer_events e
          WHERE e.consumer_id = c.consumer_id AND e.publish_status = 'published'
            AND e.deliver_status = 'pending'
          ORDER BY e.created_at, e.event_id
          LIMIT %(most)s) each) undelivered
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state = 'delivery_failed') AS delivery_failed,
           count(*) FILTER (WHERE state = 'dead_lettered') AS dead_letters,
           min(created_at) AS oldest_failed_at
    FROM (SELECT e.event_id, e.created_at,
                 event_state(e.publish_status, e.deliver_status, e.deliver_failure_reason, NULL,
                             false) AS state
          FROM customer_events e
          WHERE e.consumer_id = c.consumer_id AND e.deliver_status = 'failed'
          ORDER BY e.created_at, e.event_id
          LIMIT %(most)s) each
    WHERE (SELECT bool_or(d.resolved_at IS NULL) FROM dead_letters d
           WHERE d.event_id = each.event_id AND NOT d.superseded) IS NOT false) failed
CROSS JOIN LATERAL (
    WITH first AS MATERIALIZED (
        SELECT r.event_created_at AS at FROM consumer_event_receipts r
        WHERE r.consumer_id = c.consumer_id AND r.processing_status = 'received'
        ORDER BY r.event_created_at, r.event_id
        LIMIT 1
    ), elsewhere AS (
        (SELECT e.event_id FROM customer_events e
         WHERE e.consumer_id = c.consumer_id AND e.publish_status = 'pending'
           AND e.created_at >= (SELECT at FROM first)
         ORDER BY e.created_at, e.event_id
         LIMIT %(most_there)s)
        UNION ALL
        (SELECT e.event_id FROM customer_events e
         WHERE e.consumer_id = c.consumer_id AND e.publish_status = 'failed'
           AND e.created_at >= (SELECT at FROM first)
         ORDER BY e.created_at, e.event_id
         LIMIT %(most_there)s)
        UNION ALL
        (SELECT e.event_id FROM customer_events e
         WHERE e.consumer_id = c.consumer_id AND e.publish_status = 'published'
           AND e.deliver_status = 'pending'
           AND e.created_at >= (SELECT at FROM first)
         ORDER BY e.created_at, e.event_id
         LIMIT %(most_there)s)
        UNION ALL
        (SELECT e.event_id FROM customer_events e
         WHERE e.consumer_id = c.consumer_id AND e.deliver_status = 'failed'
           AND e.created_at >= (SELECT at FROM first)
         ORDER BY e.created_at, e.event_id
         LIMIT %(most_there)s)
    )
    SELECT t.received,
           (SELECT min(r.created_at)
            FROM (SELECT r.event_id, r.created_at
                  FROM consumer_event_receipts r
                  WHERE r.consumer_id = c.consumer_id AND r.processing_status = 'received'
                    AND r.event_created_at >= t.first_at
                    AND r.event_created_at <= (
                        SELECT first.created_at FROM consumer_event_receipts first
                        WHERE first.consumer_id = c.consumer_id AND first.processing_status = 'received'
                          AND first.event_created_at = t.first_at
                        LIMIT 1)
                  ORDER BY r.event_created_at, r.event_id
                  LIMIT %(most_there)s) r
            JOIN customer_events e ON e.event_id = r.event_id
            WHERE e.publish_status = 'published' AND e.deliver_status = 'delivered') AS oldest_received_at
    FROM (SELECT count(*) AS received, min(r.event_created_at) AS first_at
          FROM (SELECT r.event_created_at, r.event_id
                FROM consumer_event_receipts r
                WHERE r.consumer_id = c.consumer_id AND r.processing_status = 'received'
                ORDER BY r.event_created_at, r.event_id
                LIMIT %(most_there)s) r
          WHERE r.event_id NOT IN (SELECT event_id FROM elsewhere)) t) at_bank
LEFT JOIN strange ON strange.consumer_id = c.consumer_id
LEFT JOIN LATERAL (
    SELECT expires_at FROM consumer_api_keys key
    WHERE key.consumer_id = c.consumer_id AND key.api_key_status = 'active'
    ORDER BY expires_at DESC
    LIMIT 1) k ON true
LEFT JOIN LATERAL (
    SELECT min(moved_at) AS still_since
    FROM (SELECT coalesce(r.last_sent_at, r.started_at, r.created_at) AS moved_at
          FROM replays r
          WHERE r.consumer_id = c.consumer_id AND r.status = 'running'
          UNION ALL
          SELECT j.updated_at FROM replay_jobs j
          WHERE j.consumer_id = c.consumer_id AND j.status <> 'done') running) job ON true
LEFT JOIN webhooks w ON w.consumer_id = c.consumer_id
LEFT JOIN LATERAL (
    SELECT count(DISTINCT customer_id) AS refused, min(since) AS oldest_refused_at
    FROM ((SELECT e.customer_id, e.created_at AS since
           FROM webhook_turns t
           JOIN customer_events e ON e.event_id = t.event_id
           WHERE t.consumer_id = c.consumer_id AND e.publish_status = 'pending' AND e.publish_try_count > 1
           LIMIT %(most)s)
          UNION ALL
          (SELECT e.customer_id, greatest(e.created_at, e.publish_last_tried_at)
           FROM webhook_copies k
           JOIN customer_events e ON e.event_id = k.event_id
           WHERE k.consumer_id = c.consumer_id AND k.goes_first AND k.tries > 0
           LIMIT %(most)s)) each) refusing ON w.state = 'open'
LEFT JOIN queue_observations q ON q.consumer_id = c.consumer_id
LEFT JOIN publishing_pauses p ON p.consumer_id = c.consumer_id
WHERE (%(consumer_id)s::uuid IS NULL OR c.consumer_id = %(consumer_id)s)
  AND NOT EXISTS (SELECT FROM offboardings o
                  WHERE o.consumer_id = c.consumer_id AND o.status IN ('ending', 'done'))
ORDER BY c.name

-- name: nobodys
-- Dead letters that match no event, in a queue of no consumer.
SELECT count(*) AS unmatched, min(created_at) AS oldest_unmatched_at
FROM (SELECT created_at FROM dead_letters
      WHERE event_id IS NULL AND resolved_at IS NULL AND consumer_id IS NULL
      LIMIT %(most)s) each
