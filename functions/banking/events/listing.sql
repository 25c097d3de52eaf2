-- Lists and counts events. consumer_id is NULL only for the admin, who sees all tenants.
--
-- Each tenant's events come from the indexes that the filters need, in one order. An index that is not needed
-- costs nothing: its condition is false before the plan is made. The order is by two keys of which one is
-- constant, so that the planner leaves it out. Of each tenant at most `most` events are looked at. The last
-- of them is always returned, with is_cut: the list is complete up to it, and the next page begins there.

-- name: page
-- What an event's row tells is looked at first, then its receipt and its customer's head. OFFSET 0: the state
-- is found once a row, not once for each place that names it.
SELECT page.event_id, page.consumer_id, page.customer_id, page.sequence, page.event_type,
       page.source_service, page.created_at, page.publish_status, page.published_at,
       page.publish_try_count, page.publish_last_tried_at, page.publish_failure_reason,
       page.deliver_status, page.delivered_at, page.deliver_try_count, page.deliver_last_tried_at,
       page.deliver_failure_reason, page.publish_given_up_at, page.sent_late_at, page.state,
       CASE WHEN page.state IN ('publish_failed', 'delivery_failed', 'dead_lettered') THEN NULL
            ELSE (extract(epoch FROM coalesce(page.delivered_at, clock_timestamp())
                                     - page.created_at) * 1000)::bigint END AS lag_ms,
       c.name AS consumer_name, page.is_cut, page.matches
FROM consumers c
CROSS JOIN LATERAL (
    SELECT e.*, s.state, e.nth = %(most)s AS is_cut, f.matches
    FROM (
        SELECT each.*, row_number() OVER in_order AS nth
        FROM (
            (SELECT e.* FROM customer_events e
             WHERE %(all)s AND e.consumer_id = c.consumer_id
               AND (e.created_at, e.event_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (e.created_at, e.event_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN e.created_at END,
                      CASE WHEN %(oldest)s THEN e.event_id END,
                      CASE WHEN NOT %(oldest)s THEN e.created_at END DESC,
                      CASE WHEN NOT %(oldest)s THEN e.event_id END DESC
             LIMIT %(most)s)
            UNION ALL
            (SELECT e.* FROM customer_events e
             WHERE %(pending)s AND e.consumer_id = c.consumer_id AND e.publish_status = 'pending'
               AND (e.created_at, e.event_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (e.created_at, e.event_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN e.created_at END,
                      CASE WHEN %(oldest)s THEN e.event_id END,
                      CASE WHEN NOT %(oldest)s THEN e.created_at END DESC,
                      CASE WHEN NOT %(oldest)s THEN e.event_id END DESC
             LIMIT %(most)s)
            UNION ALL
            (SELECT e.* FROM customer_events e
             WHERE %(publish_failed)s AND e.consumer_id = c.consumer_id
               AND e.publish_status = 'failed'
               AND (e.created_at, e.event_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (e.created_at, e.event_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN e.created_at END,
                      CASE WHEN %(oldest)s THEN e.event_id END,
                      CASE WHEN NOT %(oldest)s THEN e.created_at END DESC,
                      CASE WHEN NOT %(oldest)s THEN e.event_id END DESC
             LIMIT %(most)s)
            UNION ALL
            (SELECT e.* FROM customer_events e
             WHERE %(undelivered)s AND e.consumer_id = c.consumer_id
               AND e.publish_status = 'published' AND e.deliver_status = 'pending'
               AND (e.created_at, e.event_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (e.created_at, e.event_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN e.created_at END,
                      CASE WHEN %(oldest)s THEN e.event_id END,
                      CASE WHEN NOT %(oldest)s THEN e.created_at END DESC,
                      CASE WHEN NOT %(oldest)s THEN e.event_id END DESC
             LIMIT %(most)s)
            UNION ALL
            (SELECT e.* FROM customer_events e
             WHERE %(delivery_failed)s AND e.consumer_id = c.consumer_id
               AND e.publish_status = 'published' AND e.deliver_status = 'failed'
               AND (e.created_at, e.event_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (e.created_at, e.event_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN e.created_at END,
                      CASE WHEN %(oldest)s THEN e.event_id END,
                      CASE WHEN NOT %(oldest)s THEN e.created_at END DESC,
                      CASE WHEN NOT %(oldest)s THEN e.event_id END DESC
             LIMIT %(most)s)
            UNION ALL
            (SELECT e.* FROM customer_events e
             WHERE %(with_reason)s AND e.consumer_id = c.consumer_id
               AND (e.publish_failure_reason IS NOT NULL OR e.deliver_failure_reason IS NOT NULL)
               AND (e.created_at, e.event_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (e.created_at, e.event_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN e.created_at END,
                      CASE WHEN %(oldest)s THEN e.event_id END,
                      CASE WHEN NOT %(oldest)s THEN e.created_at END DESC,
                      CASE WHEN NOT %(oldest)s THEN e.event_id END DESC
             LIMIT %(most)s)
            UNION ALL
            (SELECT e.* FROM customer_events e
             WHERE %(rare_type)s AND e.consumer_id = c.consumer_id
               AND e.event_type IN ('customer_deletion', 'consumer_created')
               AND (e.created_at, e.event_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (e.created_at, e.event_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN e.created_at END,
                      CASE WHEN %(oldest)s THEN e.event_id END,
                      CASE WHEN NOT %(oldest)s THEN e.created_at END DESC,
                      CASE WHEN NOT %(oldest)s THEN e.event_id END DESC
             LIMIT %(most)s)
            UNION ALL
            (SELECT e.*
             FROM consumer_event_receipts r
             JOIN customer_events e ON e.event_id = r.event_id
             WHERE %(received)s AND r.consumer_id = c.consumer_id
               AND e.consumer_id = c.consumer_id AND e.created_at = r.event_created_at
               AND r.processing_status = 'received'
               AND e.publish_status = 'published' AND e.deliver_status = 'delivered'
               AND (r.event_created_at, r.event_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (r.event_created_at, r.event_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN r.event_created_at END,
                      CASE WHEN %(oldest)s THEN r.event_id END,
                      CASE WHEN NOT %(oldest)s THEN r.event_created_at END DESC,
                      CASE WHEN NOT %(oldest)s THEN r.event_id END DESC
             LIMIT %(most)s)
            UNION ALL
            (SELECT e.* FROM customer_events e
             WHERE %(of_customer)s AND e.customer_id = %(customer_id)s
               AND e.consumer_id = c.consumer_id
               AND (e.created_at, e.event_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (e.created_at, e.event_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN e.sequence END,
                      CASE WHEN NOT %(oldest)s THEN e.sequence END DESC
             LIMIT %(most)s)
            UNION ALL
            (SELECT e.* FROM customer_events e
             WHERE %(of_request)s AND e.consumer_id = c.consumer_id
               AND e.metadata_json ? 'request_id'
               AND e.metadata_json ->> 'request_id' = %(request_id)s
               AND (e.created_at, e.event_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (e.created_at, e.event_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN e.created_at END,
                      CASE WHEN %(oldest)s THEN e.event_id END,
                      CASE WHEN NOT %(oldest)s THEN e.created_at END DESC,
                      CASE WHEN NOT %(oldest)s THEN e.event_id END DESC
             LIMIT %(most)s)
        ) each
        WINDOW in_order AS (ORDER BY CASE WHEN %(oldest)s THEN each.created_at END,
                                     CASE WHEN %(oldest)s THEN each.event_id END,
                                     CASE WHEN NOT %(oldest)s THEN each.created_at END DESC,
                                     CASE WHEN NOT %(oldest)s THEN each.event_id END DESC)
        ORDER BY CASE WHEN %(oldest)s THEN each.created_at END,
                 CASE WHEN %(oldest)s THEN each.event_id END,
                 CASE WHEN NOT %(oldest)s THEN each.created_at END DESC,
                 CASE WHEN NOT %(oldest)s THEN each.event_id END DESC
        LIMIT %(most)s
    ) e
    CROSS JOIN LATERAL (
        SELECT (%(event_type)s::text IS NULL OR e.event_type = %(event_type)s)
               AND (%(event_types)s::text[] IS NULL OR e.event_type = ANY (%(event_types)s))
               AND (%(publish_statuses)s::text[] IS NULL
                    OR e.publish_status = ANY (%(publish_statuses)s))
               AND (%(deliver_statuses)s::text[] IS NULL
                    OR e.deliver_status = ANY (%(deliver_statuses)s))
               AND (%(reason)s::text IS NULL OR e.publish_failure_reason ILIKE %(reason)s
                    OR e.deliver_failure_reason ILIKE %(reason)s)
               AND (%(request_id)s::text IS NULL
                    OR e.metadata_json ->> 'request_id' = %(request_id)s)
               AND (%(payload)s::text IS NULL OR e.payload_json::text ILIKE %(payload)s)
               AS fits) p
    LEFT JOIN consumer_event_receipts r
           ON r.consumer_id = e.consumer_id AND r.event_created_at = e.created_at
          AND r.event_id = e.event_id AND r.processing_status = 'received'
    CROSS JOIN LATERAL (
        SELECT event_state(e.publish_status, e.deliver_status, e.deliver_failure_reason,
                           r.processing_status,
                           EXISTS (SELECT FROM customer_events h
                                   WHERE h.customer_id = e.customer_id AND h.sequence < e.sequence
                                     AND h.publish_status = 'pending')) AS state
        OFFSET 0) s
    CROSS JOIN LATERAL (
        SELECT p.fits AND (%(states)s::text[] IS NULL OR s.state = ANY (%(states)s)) AS matches) f
    WHERE (p.fits OR e.nth = %(most)s) AND (f.matches OR e.nth = %(most)s)
    ORDER BY CASE WHEN %(oldest)s THEN e.created_at END,
             CASE WHEN %(oldest)s THEN e.event_id END,
             CASE WHEN NOT %(oldest)s THEN e.created_at END DESC,
             CASE WHEN NOT %(oldest)s THEN e.event_id END DESC
    LIMIT %(limit)s + 1
) page
WHERE (%(consumer_id)s::uuid IS NULL OR c.consumer_id = %(consumer_id)s)
ORDER BY CASE WHEN %(oldest)s THEN page.created_at END,
         CASE WHEN %(oldest)s THEN page.event_id END,
         CASE WHEN NOT %(oldest)s THEN page.created_at END DESC,
         CASE WHEN NOT %(oldest)s THEN page.event_id END DESC
LIMIT %(limit)s + 1

-- name: total
-- Counts what matches among the first events that are looked at, in no order.
SELECT count(*) FILTER (WHERE looked_at.matches) AS total, count(*) AS seen
FROM (
    SELECT f.matches
    FROM consumers c
    CROSS JOIN LATERAL (
        SELECT e.* FROM customer_events e
        WHERE %(all)s AND e.consumer_id = c.consumer_id
          AND (e.created_at, e.event_id) > (%(low_at)s, %(low_id)s::uuid)
          AND (e.created_at, e.event_id) < (%(high_at)s, %(high_id)s::uuid)
        UNION ALL
        SELECT e.* FROM customer_events e
        WHERE %(pending)s AND e.consumer_id = c.consumer_id AND e.publish_status = 'pending'
          AND (e.created_at, e.event_id) > (%(low_at)s, %(low_id)s::uuid)
          AND (e.created_at, e.event_id) < (%(high_at)s, %(high_id)s::uuid)
        UNION ALL
        SELECT e.* FROM customer_events e
        WHERE %(publish_failed)s AND e.consumer_id = c.consumer_id
          AND e.publish_status = 'failed'
          AND (e.created_at, e.event_id) > (%(low_at)s, %(low_id)s::uuid)
          AND (e.created_at, e.event_id) < (%(high_at)s, %(high_id)s::uuid)
        UNION ALL
        SELECT e.* FROM customer_events e
        WHERE %(undelivered)s AND e.consumer_id = c.consumer_id
          AND e.publish_status = 'published' AND e.deliver_status = 'pending'
          AND (e.created_at, e.event_id) > (%(low_at)s, %(low_id)s::uuid)
          AND (e.created_at, e.event_id) < (%(high_at)s, %(high_id)s::uuid)
        UNION ALL
        SELECT e.* FROM customer_events e
        WHERE %(delivery_failed)s AND e.consumer_id = c.consumer_id
          AND e.publish_status = 'published' AND e.deliver_status = 'failed'
          AND (e.created_at, e.event_id) > (%(low_at)s, %(low_id)s::uuid)
          AND (e.created_at, e.event_id) < (%(high_at)s, %(high_id)s::uuid)
        UNION ALL
        SELECT e.* FROM customer_events e
        WHERE %(with_reason)s AND e.consumer_id = c.consumer_id
          AND (e.publish_failure_reason IS NOT NULL OR e.deliver_failure_reason IS NOT NULL)
          AND (e.created_at, e.event_id) > (%(low_at)s, %(low_id)s::uuid)
          AND (e.created_at, e.event_id) < (%(high_at)s, %(high_id)s::uuid)
        UNION ALL
        SELECT e.* FROM customer_events e
        WHERE %(rare_type)s AND e.consumer_id = c.consumer_id
          AND e.event_type IN ('customer_deletion', 'consumer_created')
          AND (e.created_at, e.event_id) > (%(low_at)s, %(low_id)s::uuid)
          AND (e.created_at, e.event_id) < (%(high_at)s, %(high_id)s::uuid)
        UNION ALL
        (SELECT e.*
         FROM consumer_event_receipts r
         JOIN customer_events e ON e.event_id = r.event_id
         WHERE %(received)s AND r.consumer_id = c.consumer_id
           AND e.consumer_id = c.consumer_id AND e.created_at = r.event_created_at
           AND r.processing_status = 'received'
           AND e.publish_status = 'published' AND e.deliver_status = 'delivered'
           AND (r.event_created_at, r.event_id) > (%(low_at)s, %(low_id)s::uuid)
           AND (r.event_created_at, r.event_id) < (%(high_at)s, %(high_id)s::uuid))
        UNION ALL
        (SELECT e.* FROM customer_events e
         WHERE %(of_customer)s AND e.customer_id = %(customer_id)s
           AND e.consumer_id = c.consumer_id
           AND (e.created_at, e.event_id) > (%(low_at)s, %(low_id)s::uuid)
           AND (e.created_at, e.event_id) < (%(high_at)s, %(high_id)s::uuid))
        UNION ALL
        (SELECT e.* FROM customer_events e
         WHERE %(of_request)s AND e.consumer_id = c.consumer_id
           AND e.metadata_json ? 'request_id'
           AND e.metadata_json ->> 'request_id' = %(request_id)s
           AND (e.created_at, e.event_id) > (%(low_at)s, %(low_id)s::uuid)
           AND (e.created_at, e.event_id) < (%(high_at)s, %(high_id)s::uuid))
    ) e
    LEFT JOIN consumer_event_receipts r
           ON r.consumer_id = e.consumer_id AND r.event_created_at = e.created_at
          AND r.event_id = e.event_id AND r.processing_status = 'received'
    CROSS JOIN LATERAL (
        SELECT event_state(e.publish_status, e.deliver_status, e.deliver_failure_reason,
                           r.processing_status,
                           EXISTS (SELECT FROM customer_events h
                                   WHERE h.customer_id = e.customer_id AND h.sequence < e.sequence
                                     AND h.publish_status = 'pending')) AS state) s
    CROSS JOIN LATERAL (
        SELECT (%(event_type)s::text IS NULL OR e.event_type = %(event_type)s)
               AND (%(event_types)s::text[] IS NULL OR e.event_type = ANY (%(event_types)s))
               AND (%(publish_statuses)s::text[] IS NULL
                    OR e.publish_status = ANY (%(publish_statuses)s))
               AND (%(deliver_statuses)s::text[] IS NULL
                    OR e.deliver_status = ANY (%(deliver_statuses)s))
               AND (%(reason)s::text IS NULL OR e.publish_failure_reason ILIKE %(reason)s
                    OR e.deliver_failure_reason ILIKE %(reason)s)
               AND (%(request_id)s::text IS NULL
                    OR e.metadata_json ->> 'request_id' = %(request_id)s)
               AND (%(payload)s::text IS NULL OR e.payload_json::text ILIKE %(payload)s)
               AND (%(states)s::text[] IS NULL OR s.state = ANY (%(states)s)) AS matches) f
    WHERE (%(consumer_id)s::uuid IS NULL OR c.consumer_id = %(consumer_id)s)
    LIMIT %(most)s + 1
) looked_at

-- name: watched
-- The same rows by their ids, whatever the filters.
SELECT e.event_id, e.consumer_id, e.customer_id, e.sequence, e.event_type, e.source_service,
       e.created_at, e.publish_status, e.published_at, e.publish_try_count,
       e.publish_last_tried_at, e.publish_failure_reason, e.deliver_status, e.delivered_at,
       e.deliver_try_count, e.deliver_last_tried_at, e.deliver_failure_reason,
       e.publish_given_up_at, e.sent_late_at, s.state,
       CASE WHEN s.state IN ('publish_failed', 'delivery_failed', 'dead_lettered') THEN NULL
            ELSE (extract(epoch FROM coalesce(e.delivered_at, clock_timestamp())
                                     - e.created_at) * 1000)::bigint END AS lag_ms,
       c.name AS consumer_name
FROM customer_events e
JOIN consumers c ON c.consumer_id = e.consumer_id
LEFT JOIN consumer_event_receipts r
       ON r.consumer_id = e.consumer_id AND r.event_created_at = e.created_at
      AND r.event_id = e.event_id AND r.processing_status = 'received'
CROSS JOIN LATERAL (
    SELECT event_state(e.publish_status, e.deliver_status, e.deliver_failure_reason,
                       r.processing_status,
                       EXISTS (SELECT FROM customer_events h
                               WHERE h.customer_id = e.customer_id AND h.sequence < e.sequence
                                 AND h.publish_status = 'pending')) AS state
    OFFSET 0) s
WHERE e.event_id = ANY (%(event_ids)s::uuid[])
  AND (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)
ORDER BY e.created_at DESC, e.event_id DESC

-- name: now
SELECT clock_timestamp() AS as_of

-- name: count_tenants
SELECT greatest(count(*), 1) AS tenants
FROM consumers
WHERE %(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s

-- name: owner
SELECT consumer_id
FROM customer_events
WHERE customer_id = %(customer_id)s
  AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
LIMIT 1
