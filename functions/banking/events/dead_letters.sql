-- name: consumers
-- In another order each run, so that no consumer is the last of every run that runs out of time.
SELECT consumer_id, name FROM consumers ORDER BY random()

-- name: lock_event
-- The event of this consumer. The lock comes before the other statements, so that their snapshots
-- include a confirmation or a copy that was in progress.
SELECT event_id, deliver_try_count, (SELECT epoch FROM recovery) AS epoch
FROM customer_events
WHERE event_id = %(event_id)s::uuid AND consumer_id = %(consumer_id)s
FOR UPDATE

-- name: keep
-- Stores the message unchanged. A message that the broker delivers again has the same fingerprint and
-- is not stored twice.
INSERT INTO dead_letters (queue_name, consumer_id, event_id, reason, superseded, body,
                          properties_json, fingerprint)
VALUES (%(queue_name)s, %(consumer_id)s, %(event_id)s, %(reason)s, %(superseded)s, %(body)s,
        %(properties)s::jsonb, %(fingerprint)s)
ON CONFLICT (fingerprint) DO NOTHING

-- name: fail_delivery
-- An event that the consumer processed stays delivered. One that it called failed keeps its reason.
UPDATE customer_events e
SET deliver_status = 'failed', delivered_at = NULL, deliver_failure_reason = %(reason)s,
    publish_status = 'published', published_at = coalesce(e.published_at, clock_timestamp()),
    publish_failure_reason = NULL
WHERE e.event_id = %(event_id)s::uuid AND e.consumer_id = %(consumer_id)s
  AND e.deliver_status <> 'failed'
  AND NOT EXISTS (SELECT FROM consumer_event_receipts r
                  WHERE r.consumer_id = e.consumer_id AND r.event_id = e.event_id
                    AND r.processing_status = 'processed')
