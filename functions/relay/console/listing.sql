-- Lists and counts deliveries, by the number of their event and then their lane: numbers grow with time.
--
-- Rows come from the indexes that the filters need, in one order. An index that is not needed costs nothing: its
-- condition is false before the plan is made. The order is by keys of which one direction's are constant, so that
-- the planner leaves them out. At most `most` rows are looked at, of failed ones a share of each lane. Where
-- that ends a search, a row is_cut: the list is complete up to it, and the next page begins there.

-- name: plan
-- Compiling would take longer than reading.
SELECT set_config('jit', 'off', true)

-- name: page
-- What waits is in no index by its event, so it is read whole: it was counted before. So is a lane of which little
-- has ended.
SELECT d.event, d.lane_id, d.status, d.reason, d.attempt_count, d.is_cut, f.matches, e.event_type,
       e.created_at, left(coalesce(e.identity, e.event_id), 255) AS own_id,
       CASE WHEN d.status IN ('pending', 'delivered')
            THEN (extract(epoch FROM coalesce(d.delivered_at, clock_timestamp()) - e.created_at)
                  * 1000)::bigint END AS lag_ms
FROM (
    SELECT each.*, each.is_last OR row_number() OVER in_order = %(most)s AS is_cut
    FROM (
        (SELECT d.event, d.lane_id, d.status, d.reason, d.attempt_count, d.delivered_at, false AS is_last
         FROM event_deliveries d
         WHERE %(all)s AND (%(lane)s::bigint IS NULL OR d.lane_id = %(lane)s)
           AND (d.event, d.lane_id) > (%(low_event)s, %(low_lane)s)
           AND (d.event, d.lane_id) < (%(high_event)s, %(high_lane)s)
         ORDER BY CASE WHEN %(oldest)s THEN d.event END, CASE WHEN %(oldest)s THEN d.lane_id END,
                  CASE WHEN NOT %(oldest)s THEN d.event END DESC,
                  CASE WHEN NOT %(oldest)s THEN d.lane_id END DESC
         LIMIT %(most)s)
        UNION ALL
        (SELECT d.event, d.lane_id, d.status, d.reason, d.attempt_count, d.delivered_at, false
         FROM event_deliveries d
         WHERE %(of_events)s AND d.event = ANY (%(events)s::bigint[])
           AND (d.event, d.lane_id) > (%(low_event)s, %(low_lane)s)
           AND (d.event, d.lane_id) < (%(high_event)s, %(high_lane)s)
         ORDER BY CASE WHEN %(oldest)s THEN d.event END, CASE WHEN %(oldest)s THEN d.lane_id END,
                  CASE WHEN NOT %(oldest)s THEN d.event END DESC,
                  CASE WHEN NOT %(oldest)s THEN d.lane_id END DESC
         LIMIT %(most)s)
        UNION ALL
        (SELECT d.event, d.lane_id, d.status, d.reason, d.attempt_count, d.delivered_at, false
         FROM event_deliveries d
         WHERE %(skipped)s AND d.status = 'skipped' AND (%(lane)s::bigint IS NULL OR d.lane_id = %(lane)s)
           AND (d.event, d.lane_id) > (%(low_event)s, %(low_lane)s)
           AND (d.event, d.lane_id) < (%(high_event)s, %(high_lane)s)
         ORDER BY CASE WHEN %(oldest)s THEN d.event END, CASE WHEN %(oldest)s THEN d.lane_id END,
                  CASE WHEN NOT %(oldest)s THEN d.event END DESC,
                  CASE WHEN NOT %(oldest)s THEN d.lane_id END DESC
         LIMIT %(most)s)
        UNION ALL
        (SELECT found.event, found.lane_id, found.status, found.reason, found.attempt_count,
                found.delivered_at, found.nth = %(share)s
         FROM unnest(%(lanes)s::bigint[]) AS lane (lane_id)
         CROSS JOIN LATERAL (
             SELECT d.*, row_number() OVER (
                        ORDER BY CASE WHEN %(oldest)s THEN d.event END,
                                 CASE WHEN NOT %(oldest)s THEN d.event END DESC) AS nth
             FROM event_deliveries d
             WHERE d.lane_id = lane.lane_id AND d.status IN ('failed', 'expired')
               AND d.event >= %(low_event)s AND d.event <= %(high_event)s
             ORDER BY CASE WHEN %(oldest)s THEN d.event END, CASE WHEN NOT %(oldest)s THEN d.event END DESC
             LIMIT %(share)s) found
         WHERE %(failed)s AND (found.event, found.lane_id) > (%(low_event)s, %(low_lane)s)
           AND (found.event, found.lane_id) < (%(high_event)s, %(high_lane)s))
        UNION ALL
        (SELECT d.event, d.lane_id, d.status, d.reason, d.attempt_count, d.delivered_at, false
         FROM event_deliveries d
         WHERE %(ended)s AND d.lane_id = %(lane)s AND d.ended_at IS NOT NULL
           AND (d.event, d.lane_id) > (%(low_event)s, %(low_lane)s)
           AND (d.event, d.lane_id) < (%(high_event)s, %(high_lane)s))
        UNION ALL
        (SELECT d.event, d.lane_id, d.status, d.reason, d.attempt_count, d.delivered_at, false
         FROM unnest(%(pending_lanes)s::bigint[]) AS lane (lane_id)
         JOIN event_deliveries d ON d.lane_id = lane.lane_id AND d.status = 'pending'
         WHERE %(pending)s AND (d.event, d.lane_id) > (%(low_event)s, %(low_lane)s)
           AND (d.event, d.lane_id) < (%(high_event)s, %(high_lane)s))) each
    WINDOW in_order AS (ORDER BY CASE WHEN %(oldest)s THEN event END, CASE WHEN %(oldest)s THEN lane_id END,
                                 CASE WHEN NOT %(oldest)s THEN event END DESC,
                                 CASE WHEN NOT %(oldest)s THEN lane_id END DESC)
    ORDER BY CASE WHEN %(oldest)s THEN event END, CASE WHEN %(oldest)s THEN lane_id END,
             CASE WHEN NOT %(oldest)s THEN event END DESC, CASE WHEN NOT %(oldest)s THEN lane_id END DESC
    LIMIT %(most)s) d
LEFT JOIN marketing_events e ON e.id = d.event
CROSS JOIN LATERAL (
    SELECT e.id IS NOT NULL AND d.status = ANY (%(statuses)s::text[])
           AND (d.status <> 'pending' OR d.lane_id = ANY (%(pending_lanes)s::bigint[]))
           AND (%(lane)s::bigint IS NULL OR d.lane_id = %(lane)s)
           AND (%(only)s::bigint IS NULL OR d.lane_id = %(only)s)
           AND (%(from)s::timestamptz IS NULL OR e.created_at >= %(from)s)
           AND (%(to)s::timestamptz IS NULL OR e.created_at < %(to)s)
           AND (%(event_types)s::text[] IS NULL OR e.event_type = ANY (%(event_types)s))
           AND (%(reason)s::text IS NULL
                OR CASE WHEN d.status = 'pending' AND d.lane_id = ANY (%(closed_lanes)s::bigint[])
                        THEN d.lane_id = ANY (%(reason_lanes)s::bigint[])
                        ELSE coalesce(d.reason ILIKE %(reason)s, false) END) AS matches
    OFFSET 0) f
WHERE f.matches OR d.is_cut
ORDER BY CASE WHEN %(oldest)s THEN d.event END, CASE WHEN %(oldest)s THEN d.lane_id END,
         CASE WHEN NOT %(oldest)s THEN d.event END DESC, CASE WHEN NOT %(oldest)s THEN d.lane_id END DESC
LIMIT %(limit)s + 1

-- name: span
-- The numbers of the events of a time, and some more on both sides: two that are inserted at once may have theirs
-- in the other order.
SELECT (SELECT id FROM marketing_events
        WHERE created_at >= %(from)s::timestamptz - interval '10 seconds'
        ORDER BY created_at, id
        LIMIT 1) AS first,
       (SELECT id FROM marketing_events
        WHERE created_at < %(to)s::timestamptz + interval '10 seconds'
        ORDER BY created_at DESC, id DESC
        LIMIT 1) AS last

-- name: window
-- So many events on from one, the last of a search that an index does not end.
SELECT id
FROM marketing_events
WHERE id > %(low)s AND id < %(high)s
ORDER BY CASE WHEN %(oldest)s THEN id END, CASE WHEN NOT %(oldest)s THEN id END DESC
OFFSET %(events)s
LIMIT 1

-- name: pending
-- How many wait, up to one more than `most` of each lane.
SELECT coalesce(sum(found.pending), 0)::bigint AS pending
FROM unnest(%(lanes)s::bigint[]) AS lane (lane_id)
CROSS JOIN LATERAL (
    SELECT count(*) AS pending
    FROM (SELECT FROM event_deliveries d
          WHERE d.lane_id = lane.lane_id AND d.status = 'pending'
          LIMIT %(most)s + 1) each) found

-- name: ended
-- How many of a lane have ended, up to one more than `most`.
SELECT count(*) AS ended
FROM (SELECT FROM event_deliveries d
      WHERE d.lane_id = %(lane)s AND d.ended_at IS NOT NULL
      LIMIT %(most)s + 1) each

-- name: named
-- The events that a text may name: by number, by their own id at any shop, and as the order system wrote it.
SELECT found.id
FROM (SELECT e.id FROM marketing_events e WHERE e.id = %(number)s
      UNION
      (SELECT own.id
       FROM storefronts shop
       JOIN marketing_events own ON own.storefront_id = shop.id AND own.identity = %(text)s
       WHERE own.accepted_at IS NOT NULL
       LIMIT %(most)s)) found
ORDER BY found.id
LIMIT %(most)s

-- name: total
-- How many match of the first `most` that are looked at.
SELECT count(*) AS seen,
       count(*) FILTER (
           WHERE d.status = ANY (%(statuses)s::text[])
             AND (d.status <> 'pending' OR d.lane_id = ANY (%(pending_lanes)s::bigint[]))) AS total
FROM (
    (SELECT d.status, d.lane_id FROM event_deliveries d
     WHERE %(all)s AND (%(lane)s::bigint IS NULL OR d.lane_id = %(lane)s)
       AND (d.event, d.lane_id) > (%(low_event)s, %(low_lane)s)
       AND (d.event, d.lane_id) < (%(high_event)s, %(high_lane)s)
     ORDER BY d.event DESC, d.lane_id DESC
     LIMIT %(most)s + 1)
    UNION ALL
    (SELECT d.status, d.lane_id FROM event_deliveries d
     WHERE %(skipped)s AND d.status = 'skipped' AND (%(lane)s::bigint IS NULL OR d.lane_id = %(lane)s)
       AND (d.event, d.lane_id) > (%(low_event)s, %(low_lane)s)
       AND (d.event, d.lane_id) < (%(high_event)s, %(high_lane)s)
     ORDER BY d.event DESC, d.lane_id DESC
     LIMIT %(most)s + 1)
    UNION ALL
    (SELECT d.status, d.lane_id
     FROM unnest(%(lanes)s::bigint[]) AS lane (lane_id)
     JOIN event_deliveries d ON d.lane_id = lane.lane_id AND d.status IN ('failed', 'expired')
     WHERE %(failed)s AND d.event >= %(low_event)s AND d.event <= %(high_event)s
     LIMIT %(most)s + 1)
    UNION ALL
    (SELECT d.status, d.lane_id
     FROM unnest(%(pending_lanes)s::bigint[]) AS lane (lane_id)
     JOIN event_deliveries d ON d.lane_id = lane.lane_id AND d.status = 'pending'
     WHERE %(pending)s AND d.event >= %(low_event)s AND d.event <= %(high_event)s
     LIMIT %(most)s + 1)
    LIMIT %(most)s + 1) d
