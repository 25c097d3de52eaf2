-- Finds what a text may be the id of. Everything is looked for, whatever is found, and nothing is read of which
-- there may be much: the work is the same for what exists, for another's and for what does not. consumer_id is
-- NULL only for the admin.

-- name: search
-- A letter that did not die in its bank's own queue is the operator's only.
WITH bank AS MATERIALIZED (
    SELECT c.consumer_id, c.name
    FROM consumers c
    WHERE (%(consumer_id)s::uuid IS NULL OR c.consumer_id = %(consumer_id)s)
), of_request AS (
    SELECT found.*, bank.name AS consumer_name
    FROM bank
    CROSS JOIN LATERAL (
        SELECT e.event_id, e.metadata_json ->> 'request_id' AS asked, e.customer_id, e.consumer_id,
               e.sequence, e.event_type, e.publish_status, e.deliver_status, e.deliver_failure_reason,
               e.created_at
        FROM customer_events e
        WHERE e.consumer_id = bank.consumer_id AND e.metadata_json ? 'request_id'
          AND e.metadata_json ->> 'request_id' IN (%(text)s, %(small)s)
        LIMIT %(most)s) found
    LIMIT %(most)s
), of_trace AS (
    SELECT found.*, bank.name AS consumer_name
    FROM bank
    CROSS JOIN LATERAL (
        SELECT e.event_id, %(trace)s AS asked, e.customer_id, e.consumer_id,
               e.sequence, e.event_type, e.publish_status, e.deliver_status, e.deliver_failure_reason,
               e.created_at
        FROM customer_events e
        WHERE e.consumer_id = bank.consumer_id AND e.metadata_json ? 'traceparent'
          AND substr(e.metadata_json ->> 'traceparent', 4, 32) = %(trace)s
        ORDER BY e.created_at DESC
        LIMIT %(most)s) found
    LIMIT %(most)s
), by_id AS (
    SELECT e.event_id, e.event_id::text AS asked, e.customer_id, e.consumer_id, e.sequence,
           e.event_type, e.publish_status, e.deliver_status, e.deliver_failure_reason, e.created_at,
           bank.name AS consumer_name
    FROM (SELECT * FROM customer_events WHERE event_id = %(id)s::uuid) e
    JOIN bank ON bank.consumer_id = e.consumer_id
), of_customer AS (
    SELECT e.event_id, e.customer_id::text AS asked, e.customer_id, e.consumer_id, e.sequence,
           e.event_type, e.publish_status, e.deliver_status, e.deliver_failure_reason, e.created_at,
           bank.name AS consumer_name
    FROM (SELECT * FROM customer_events WHERE customer_id = %(id)s::uuid
          ORDER BY sequence DESC LIMIT 1) e
    JOIN bank ON bank.consumer_id = e.consumer_id
    WHERE e.event_type <> 'consumer_created'
), events AS (
    SELECT 1 AS place, 'event' AS kind, by_id.* FROM by_id
    UNION ALL SELECT 2, 'customer', of_customer.* FROM of_customer
    UNION ALL SELECT 4, 'request', of_request.* FROM of_request
    UNION ALL SELECT 5, 'trace', of_trace.* FROM of_trace
)
SELECT place, kind, asked AS id, event_id, customer_id, sequence, event_type, consumer_name, created_at,
       event_state(publish_status, deliver_status, deliver_failure_reason,
                   (SELECT r.processing_status FROM consumer_event_receipts r
                    WHERE r.consumer_id = events.consumer_id AND r.event_id = events.event_id),
                   EXISTS (SELECT FROM customer_events h
                           WHERE h.customer_id = events.customer_id
                             AND h.sequence < events.sequence AND h.publish_status = 'pending'))
           AS state, NULL AS reason
FROM events
UNION ALL
SELECT 3, 'letter', d.dead_letter_id::text, d.event_id, NULL, NULL, NULL, bank.name, d.created_at,
       NULL, d.reason
FROM (SELECT * FROM dead_letters WHERE dead_letter_id = %(id)s::uuid) d
LEFT JOIN bank ON bank.consumer_id = d.consumer_id
WHERE %(consumer_id)s::uuid IS NULL
   OR (bank.consumer_id IS NOT NULL AND d.reason NOT LIKE 'foreign: %%')
UNION ALL
SELECT 6, 'bank', found.consumer_id::text, NULL, NULL, NULL, NULL, found.name, found.created_at, NULL,
       found.display_name
FROM (SELECT c.consumer_id, c.name, c.display_name, c.created_at
      FROM consumers c
      WHERE starts_with(c.name, %(small)s) OR starts_with(lower(c.display_name), %(small)s)
         OR c.consumer_id = %(id)s::uuid
      ORDER BY c.name
      LIMIT %(most)s) found
WHERE %(consumer_id)s::uuid IS NULL
ORDER BY place, created_at DESC
LIMIT %(most)s * 3
