-- Rewinds: the beginning of a job and its progress.
-- A job sends what is not processed, but for what a person gave up. A delivered event without a receipt was
-- processed: receipts have a retention.
-- Unconfirmed is what it would lose by beginning later: an event that is not processed, unless the bank's
-- own word failed it and it was not sent again since.

-- name: find_consumer
SELECT consumer_id FROM consumers WHERE consumer_id = %(consumer_id)s

-- name: find_event
SELECT created_at
FROM customer_events
WHERE event_id = %(event_id)s AND consumer_id = %(consumer_id)s

-- name: oldest_unconfirmed
SELECT e.event_id, e.created_at
FROM customer_events e
LEFT JOIN consumer_event_receipts r
       ON r.consumer_id = e.consumer_id AND r.event_id = e.event_id
WHERE e.consumer_id = %(consumer_id)s
  AND NOT (e.publish_status = 'failed' AND e.publish_given_up_at IS NOT NULL)
  AND (e.deliver_status = 'pending'
       OR (e.deliver_status = 'failed' AND r.processing_status IS DISTINCT FROM 'failed')
       OR (e.deliver_status = 'delivered' AND r.processing_status = 'received'))
ORDER BY e.created_at, e.event_id
LIMIT 1

-- name: count
SELECT count(*) AS event_count
FROM customer_events e
LEFT JOIN consumer_event_receipts r
       ON r.consumer_id = e.consumer_id AND r.event_id = e.event_id
WHERE e.consumer_id = %(consumer_id)s AND e.created_at >= %(from_at)s
  AND NOT (e.publish_status = 'failed' AND e.publish_given_up_at IS NOT NULL)
  AND (%(include_processed)s
       OR NOT (e.deliver_status = 'delivered'
               AND coalesce(r.processing_status, 'processed') = 'processed'))

-- name: begin
INSERT INTO replay_jobs (consumer_id, from_at, include_processed, reason, request_id)
VALUES (%(consumer_id)s, %(from_at)s, %(include_processed)s, %(reason)s, %(request_id)s)
RETURNING job_id

-- name: newest
SELECT job_id, consumer_id, status, from_at, include_processed, reason, waits_for, until_at,
       after_created_at AS reached_at, sent_count, created_at, updated_at, finished_at
FROM replay_jobs
WHERE consumer_id = %(consumer_id)s
ORDER BY created_at DESC
LIMIT 1
