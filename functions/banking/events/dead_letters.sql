-- name: consumers
-- In another order each run, so that no consumer is the last of every run that runs out of time. A queue that is
-- gone is declared again: not of who has left, and not what an onboarding is undoing.
SELECT c.consumer_id, c.name
FROM consumers c
WHERE NOT has_left(c.consumer_id)
  AND NOT EXISTS (SELECT FROM onboardings u
                  WHERE u.consumer_id = c.consumer_id AND u.state = 'undoing')
ORDER BY random()

-- name: hold_bank
-- An erasure of one of the bank's customers waits for the letters of this transaction, and sees them; what is kept
-- later sees the erasure.
SELECT consumer_id FROM consumers WHERE consumer_id = %(consumer_id)s FOR SHARE

-- name: lock_event
-- The event of this consumer. The lock comes before the other statements, so that their snapshots
-- include a confirmation or a copy that was in progress.
SELECT event_id, customer_id, deliver_try_count, (SELECT epoch FROM recovery) AS epoch
FROM customer_events
WHERE event_id = %(event_id)s::uuid AND consumer_id = %(consumer_id)s
FOR UPDATE

-- name: keep
-- Stores the message unchanged, but of an erased customer only that there was one: resolved, if it matches no
-- event. A message that the broker delivers again has the same fingerprint and is not stored twice.
INSERT INTO dead_letters (queue_name, consumer_id, event_id, reason, superseded, body,
                          properties_json, fingerprint, resolved_at, resolved_by, resolved_reason)
SELECT %(queue_name)s, %(consumer_id)s, %(event_id)s, %(reason)s, %(superseded)s,
       CASE WHEN erased.at IS NULL THEN %(body)s::bytea ELSE '{"erased":true}' END,
       CASE WHEN erased.at IS NULL THEN %(properties)s::jsonb ELSE '{}' END,
       CASE WHEN erased.at IS NULL THEN %(fingerprint)s ELSE %(erased_fingerprint)s END,
       resolved.at, CASE WHEN resolved.at IS NOT NULL THEN 'erasure' END,
       CASE WHEN resolved.at IS NOT NULL THEN 'erased' END
FROM (SELECT max(begun_at) AS at FROM erasures
      WHERE consumer_id = %(consumer_id)s AND customer_id = ANY (%(customer_ids)s::uuid[])) AS erased,
     LATERAL (SELECT CASE WHEN %(event_id)s::uuid IS NULL AND erased.at IS NOT NULL
                          THEN clock_timestamp() END AS at) AS resolved
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
