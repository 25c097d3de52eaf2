-- name: consumers
SELECT consumer_id, name FROM consumers ORDER BY name

-- name: keep
-- Stores the message unchanged, with event_id only if it is an event of this consumer. A message that
-- the broker delivers again has the same fingerprint and is not stored twice.
INSERT INTO dead_letters (queue_name, consumer_id, event_id, reason, body, properties_json,
                          fingerprint)
SELECT %(queue_name)s, %(consumer_id)s,
       (SELECT event_id FROM customer_events
        WHERE event_id = %(event_id)s::uuid AND consumer_id = %(consumer_id)s),
       %(reason)s, %(body)s, %(properties)s::jsonb, %(fingerprint)s
ON CONFLICT (fingerprint) DO NOTHING
RETURNING event_id

-- name: lock_event
-- Runs before fail_delivery, so that its snapshot includes a confirmation that was in progress.
SELECT event_id FROM customer_events
WHERE event_id = %(event_id)s::uuid AND consumer_id = %(consumer_id)s
FOR UPDATE

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
