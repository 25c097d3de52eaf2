-- Lists and counts events of clients. The operators' own: the events of all users.
--
-- Events come from the indexes that the filters need, in one order. An index that is not needed costs nothing: its
-- condition is false before the plan is made. The order is by two keys of which one is constant, so that the
-- planner leaves it out. At most `most` events are looked at. The last of them is always returned, with is_cut: the
-- list is complete up to it, and the next page begins there. Whether a message lies in the dead letters is asked of
-- what was rejected only. `own_id` is an event's or a user's id; with `whose` it is an event's of this user.

-- name: page
SELECT page.client_generated_id AS id, page.user_id AS own_id, page.event_type,
       page.received_at AS created_at, page.state,
       coalesce(page.outcome_code, page.publish_failure_reason) AS reason,
       CASE WHEN page.state IN ('rejected', 'dead_lettered') THEN NULL
            ELSE (extract(epoch FROM greatest(coalesce(page.outcome_at, clock_timestamp()),
                                              page.received_at) - page.received_at) * 1000)::bigint
       END AS lag_ms,
       page.publish_try_count AS try_count, page.is_cut, page.matches
FROM (
    SELECT e.user_id, e.client_generated_id, e.event_type, e.received_at, e.publish_failure_reason,
           e.publish_try_count, e.outcome_at, e.outcome_code, s.state, e.nth = %(most)s AS is_cut, f.matches
    FROM (
        SELECT each.*, row_number() OVER in_order AS nth
        FROM (
            (SELECT e.user_id, e.client_generated_id, e.event_type, e.received_at, e.publish_status,
                    e.publish_failure_reason, e.publish_try_count, e.outcome_status, e.outcome_at, e.outcome_code
             FROM events e
             WHERE %(all)s
               AND (e.received_at, e.client_generated_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (e.received_at, e.client_generated_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN e.received_at END,
                      CASE WHEN %(oldest)s THEN e.client_generated_id END,
                      CASE WHEN NOT %(oldest)s THEN e.received_at END DESC,
                      CASE WHEN NOT %(oldest)s THEN e.client_generated_id END DESC
             LIMIT %(most)s)
            UNION ALL
            (SELECT e.user_id, e.client_generated_id, e.event_type, e.received_at, e.publish_status,
                    e.publish_failure_reason, e.publish_try_count, e.outcome_status, e.outcome_at, e.outcome_code
             FROM events e
             WHERE %(unsettled)s AND e.outcome_status IS NULL
               AND (e.received_at, e.client_generated_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (e.received_at, e.client_generated_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN e.received_at END,
                      CASE WHEN %(oldest)s THEN e.client_generated_id END,
                      CASE WHEN NOT %(oldest)s THEN e.received_at END DESC,
                      CASE WHEN NOT %(oldest)s THEN e.client_generated_id END DESC
             LIMIT %(most)s)
            UNION ALL
            (SELECT e.user_id, e.client_generated_id, e.event_type, e.received_at, e.publish_status,
                    e.publish_failure_reason, e.publish_try_count, e.outcome_status, e.outcome_at, e.outcome_code
             FROM events e
             WHERE %(rejected)s AND e.outcome_status = 'rejected'
               AND (e.received_at, e.client_generated_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (e.received_at, e.client_generated_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN e.received_at END,
                      CASE WHEN %(oldest)s THEN e.client_generated_id END,
                      CASE WHEN NOT %(oldest)s THEN e.received_at END DESC,
                      CASE WHEN NOT %(oldest)s THEN e.client_generated_id END DESC
             LIMIT %(most)s)
            UNION ALL
            (SELECT e.user_id, e.client_generated_id, e.event_type, e.received_at, e.publish_status,
                    e.publish_failure_reason, e.publish_try_count, e.outcome_status, e.outcome_at, e.outcome_code
             FROM events e
             WHERE %(of_one)s AND %(whose)s::uuid IS NULL AND e.user_id = %(own_id)s::uuid
               AND (e.received_at, e.client_generated_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (e.received_at, e.client_generated_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN e.received_at END,
                      CASE WHEN %(oldest)s THEN e.client_generated_id END,
                      CASE WHEN NOT %(oldest)s THEN e.received_at END DESC,
                      CASE WHEN NOT %(oldest)s THEN e.client_generated_id END DESC
             LIMIT %(most)s)
            UNION ALL
            (SELECT e.user_id, e.client_generated_id, e.event_type, e.received_at, e.publish_status,
                    e.publish_failure_reason, e.publish_try_count, e.outcome_status, e.outcome_at, e.outcome_code
             FROM events e
             WHERE %(of_one)s AND e.client_generated_id = %(own_id)s::uuid
               AND (e.user_id = %(whose)s::uuid OR %(whose)s::uuid IS NULL AND e.user_id <> e.client_generated_id)
               AND (e.received_at, e.client_generated_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (e.received_at, e.client_generated_id) < (%(high_at)s, %(high_id)s::uuid)
             LIMIT %(most)s)
        ) each
        WINDOW in_order AS (ORDER BY CASE WHEN %(oldest)s THEN each.received_at END,
                                     CASE WHEN %(oldest)s THEN each.client_generated_id END,
                                     CASE WHEN NOT %(oldest)s THEN each.received_at END DESC,
                                     CASE WHEN NOT %(oldest)s THEN each.client_generated_id END DESC)
        ORDER BY CASE WHEN %(oldest)s THEN each.received_at END,
                 CASE WHEN %(oldest)s THEN each.client_generated_id END,
                 CASE WHEN NOT %(oldest)s THEN each.received_at END DESC,
                 CASE WHEN NOT %(oldest)s THEN each.client_generated_id END DESC
        LIMIT %(most)s
    ) e
    CROSS JOIN LATERAL (
        SELECT (%(types)s::text[] IS NULL OR e.event_type = ANY (%(types)s))
               AND (%(reason)s::text IS NULL
                    OR coalesce(e.outcome_code, e.publish_failure_reason, '') ILIKE %(reason)s)
               AS fits) p
    CROSS JOIN LATERAL (
        SELECT CASE WHEN NOT p.fits THEN NULL
                    WHEN e.outcome_status = 'processed' THEN 'processed'
                    WHEN e.outcome_status = 'rejected' THEN
                        coalesce((SELECT 'dead_lettered'
                                  FROM dead_letters d
                                  WHERE d.client_generated_id = e.client_generated_id
                                    AND d.user_id = e.user_id AND d.redriven_at IS NULL
                                  LIMIT 1), 'rejected')
                    WHEN e.publish_status = 'pending' THEN 'waiting'
                    ELSE 'in_queue' END AS state
        OFFSET 0) s
    CROSS JOIN LATERAL (
        SELECT p.fits AND (%(states)s::text[] IS NULL OR s.state = ANY (%(states)s)) AS matches) f
    WHERE f.matches OR e.nth = %(most)s
    ORDER BY CASE WHEN %(oldest)s THEN e.received_at END,
             CASE WHEN %(oldest)s THEN e.client_generated_id END,
             CASE WHEN NOT %(oldest)s THEN e.received_at END DESC,
             CASE WHEN NOT %(oldest)s THEN e.client_generated_id END DESC
    LIMIT %(limit)s + 1
) page
ORDER BY CASE WHEN %(oldest)s THEN page.received_at END,
         CASE WHEN %(oldest)s THEN page.client_generated_id END,
         CASE WHEN NOT %(oldest)s THEN page.received_at END DESC,
         CASE WHEN NOT %(oldest)s THEN page.client_generated_id END DESC

-- name: total
-- Counts what matches among the first events that are looked at, in no order.
SELECT count(*) FILTER (WHERE looked_at.matches) AS total, count(*) AS seen
FROM (
    SELECT (%(types)s::text[] IS NULL OR e.event_type = ANY (%(types)s))
           AND (%(reason)s::text IS NULL
                OR coalesce(e.outcome_code, e.publish_failure_reason, '') ILIKE %(reason)s)
           AND (%(states)s::text[] IS NULL
                OR CASE WHEN e.outcome_status = 'processed' THEN 'processed'
                        WHEN e.outcome_status = 'rejected' THEN
                            coalesce((SELECT 'dead_lettered'
                                      FROM dead_letters d
                                      WHERE d.client_generated_id = e.client_generated_id
                                        AND d.user_id = e.user_id AND d.redriven_at IS NULL
                                      LIMIT 1), 'rejected')
                        WHEN e.publish_status = 'pending' THEN 'waiting'
                        ELSE 'in_queue' END = ANY (%(states)s)) AS matches
    FROM (
        (SELECT e.user_id, e.client_generated_id, e.event_type, e.publish_status, e.publish_failure_reason,
                e.outcome_status, e.outcome_code
         FROM events e
         WHERE %(all)s
           AND (e.received_at, e.client_generated_id) > (%(low_at)s, %(low_id)s::uuid)
           AND (e.received_at, e.client_generated_id) < (%(high_at)s, %(high_id)s::uuid)
         ORDER BY e.received_at DESC
         LIMIT %(most)s + 1)
        UNION ALL
        (SELECT e.user_id, e.client_generated_id, e.event_type, e.publish_status, e.publish_failure_reason,
                e.outcome_status, e.outcome_code
         FROM events e
         WHERE %(unsettled)s AND e.outcome_status IS NULL
           AND (e.received_at, e.client_generated_id) > (%(low_at)s, %(low_id)s::uuid)
           AND (e.received_at, e.client_generated_id) < (%(high_at)s, %(high_id)s::uuid)
         ORDER BY e.received_at DESC
         LIMIT %(most)s + 1)
        UNION ALL
        (SELECT e.user_id, e.client_generated_id, e.event_type, e.publish_status, e.publish_failure_reason,
                e.outcome_status, e.outcome_code
         FROM events e
         WHERE %(rejected)s AND e.outcome_status = 'rejected'
           AND (e.received_at, e.client_generated_id) > (%(low_at)s, %(low_id)s::uuid)
           AND (e.received_at, e.client_generated_id) < (%(high_at)s, %(high_id)s::uuid)
         ORDER BY e.received_at DESC
         LIMIT %(most)s + 1)
        UNION ALL
        (SELECT e.user_id, e.client_generated_id, e.event_type, e.publish_status, e.publish_failure_reason,
                e.outcome_status, e.outcome_code
         FROM events e
         WHERE %(of_one)s AND %(whose)s::uuid IS NULL AND e.user_id = %(own_id)s::uuid
           AND (e.received_at, e.client_generated_id) > (%(low_at)s, %(low_id)s::uuid)
           AND (e.received_at, e.client_generated_id) < (%(high_at)s, %(high_id)s::uuid)
         ORDER BY e.received_at DESC
         LIMIT %(most)s + 1)
        UNION ALL
        (SELECT e.user_id, e.client_generated_id, e.event_type, e.publish_status, e.publish_failure_reason,
                e.outcome_status, e.outcome_code
         FROM events e
         WHERE %(of_one)s AND e.client_generated_id = %(own_id)s::uuid
           AND (e.user_id = %(whose)s::uuid OR %(whose)s::uuid IS NULL AND e.user_id <> e.client_generated_id)
           AND (e.received_at, e.client_generated_id) > (%(low_at)s, %(low_id)s::uuid)
           AND (e.received_at, e.client_generated_id) < (%(high_at)s, %(high_id)s::uuid)
         LIMIT %(most)s + 1)
    ) e
) looked_at
