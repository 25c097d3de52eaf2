-- Groups what failed by its cause.
--
-- A group's id is failure_group(consumer_id, state, event_type, reason): a database function. The reason of a
-- publish_failed event is publish_failure_reason, of the others deliver_failure_reason; it is normalised in the
-- function. So this is a condition on the rows of the two indexes of failed events, in any statement:
--   failure_group(e.consumer_id,
--                 event_state(e.publish_status, e.deliver_status, e.deliver_failure_reason, NULL, false),
--                 e.event_type,
--                 CASE WHEN e.publish_status = 'failed' THEN e.publish_failure_reason
--                      ELSE e.deliver_failure_reason END) = %(failure_group)s

-- name: group_failures
-- Of each bank the newest failures, so many at most; then the largest groups, and the rest as one, without a
-- state. Customers are counted by grouping twice: counting distinct ones would sort. Bytes are compared faster
-- than words. consumer_id is NULL only for the admin.
WITH failed AS (
    SELECT found.*
    FROM consumers c
    CROSS JOIN LATERAL (
        (SELECT e.event_id, e.consumer_id, e.customer_id, e.event_type, e.created_at,
                'publish_failed' AS stage, normalised_reason(e.publish_failure_reason) COLLATE "C" AS reason
         FROM customer_events e
         WHERE e.consumer_id = c.consumer_id AND e.publish_status = 'failed'
           AND e.created_at >= %(since)s
         ORDER BY e.created_at DESC, e.event_id DESC
         LIMIT %(most)s)
        UNION ALL
        (SELECT e.event_id, e.consumer_id, e.customer_id, e.event_type, e.created_at,
                event_state(e.publish_status, e.deliver_status, e.deliver_failure_reason, NULL, false),
                normalised_reason(e.deliver_failure_reason) COLLATE "C"
         FROM customer_events e
         WHERE e.consumer_id = c.consumer_id AND e.deliver_status = 'failed'
           AND e.publish_status <> 'failed' AND e.created_at >= %(since)s
         ORDER BY e.created_at DESC, e.event_id DESC
         LIMIT %(most)s)) found
    WHERE (%(consumer_id)s::uuid IS NULL OR c.consumer_id = %(consumer_id)s)
    LIMIT %(most)s
), of_customer AS (
    SELECT consumer_id, stage, event_type, reason, count(*) AS events, min(created_at) AS first_at,
           max(created_at) AS last_at, min(event_id::text COLLATE "C") AS sample
    FROM failed
    GROUP BY consumer_id, stage, event_type, reason, customer_id
), cause AS (
    SELECT consumer_id, stage, event_type, reason, sum(events)::bigint AS events,
           count(*) AS customers, min(first_at) AS first_at, max(last_at) AS last_at,
           min(sample) AS sample_event_id,
           row_number() OVER (ORDER BY sum(events) DESC, max(last_at) DESC, consumer_id, reason)
               <= %(groups)s AS is_shown
    FROM of_customer
    GROUP BY consumer_id, stage, event_type, reason
)
SELECT failure_group(cause.consumer_id, stage, event_type, reason) AS failure_group,
       cause.consumer_id, c.name AS consumer_name, stage, event_type, reason, events, customers,
       first_at, last_at, sample_event_id, 1 AS groups
FROM cause
JOIN consumers c ON c.consumer_id = cause.consumer_id
WHERE is_shown
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, sum(events)::bigint, NULL, min(first_at), max(last_at),
       NULL, count(*)
FROM cause
WHERE NOT is_shown
HAVING count(*) > 0
ORDER BY events DESC, last_at DESC, failure_group
