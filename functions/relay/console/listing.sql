-- Lists and counts deliveries, by the number of their event and then their lane: numbers grow with time.
--
-- Rows come from the indexes that the filters need, in one order. An index that is not needed costs nothing: its
-- condition is false before the plan is made. The order is by keys of which one direction's are constant, so that
-- the planner leaves them out. At most `most` rows are looked at, of failed ones a share of each lane. Where
-- that ends a search, a row is_cut: the list is complete up to it, and the next page begins there.

-- name: page
-- What waits is in no index by its event, so its numbers are put in order here: there are few, or all deliveries
-- are gone through. So it is with a lane of which little has ended. LATERAL reads a row when its turn comes.
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
         FROM unnest(%(events)s::bigint[]) AS named (event)
         CROSS JOIN LATERAL (
             SELECT of_event.* FROM event_deliveries of_event
             WHERE of_event.event = named.event
             OFFSET 0) d
         WHERE %(of_events)s AND (d.event, d.lane_id) > (%(low_event)s, %(low_lane)s)
           AND (d.event, d.lane_id) < (%(high_event)s, %(high_lane)s)
         ORDER BY CASE WHEN %(oldest)s THEN d.event END, CASE WHEN %(oldest)s THEN d.lane_id END,
                  CASE WHEN NOT %(oldest)s THEN d.event END DESC,
                  CASE WHEN NOT %(oldest)s THEN d.lane_id END DESC
         LIMIT %(most)s)
        UNION ALL
        (SELECT d.event, d.lane_id, d.status, d.reason, d.attempt_count, d.delivered_at, false
         FROM event_deliveries d
         WHERE %(not_delivered)s AND d.status IN ('failed', 'expired', 'skipped')
           AND (%(lane)s::bigint IS NULL OR d.lane_id = %(lane)s)
           AND (d.event, d.lane_id) > (%(low_event)s, %(low_lane)s)
           AND (d.event, d.lane_id) < (%(high_event)s, %(high_lane)s)
         ORDER BY CASE WHEN %(oldest)s THEN d.event END, CASE WHEN %(oldest)s THEN d.lane_id END,
                  CASE WHEN NOT %(oldest)s THEN d.event END DESC,
                  CASE WHEN NOT %(oldest)s THEN d.lane_id END DESC
         LIMIT %(most)s)
        UNION ALL
        (SELECT k.event, k.lane_id, d.status, d.reason, d.attempt_count, d.delivered_at, k.is_last
         FROM (SELECT found.event, found.lane_id, found.is_last
               FROM unnest(%(lanes)s::bigint[]) AS lane (lane_id)
               CROSS JOIN LATERAL (
                   SELECT newest.event, newest.lane_id,
                          row_number() OVER (ORDER BY CASE WHEN %(oldest)s THEN newest.event END,
                                                      CASE WHEN NOT %(oldest)s THEN newest.event END DESC) = %(share)s AS is_last
                   FROM event_deliveries newest
                   WHERE newest.lane_id = lane.lane_id AND newest.status IN ('failed', 'expired')
                     AND newest.event >= %(low_event)s AND newest.event <= %(high_event)s
                   ORDER BY CASE WHEN %(oldest)s THEN newest.event END,
                            CASE WHEN NOT %(oldest)s THEN newest.event END DESC
                   LIMIT %(share)s) found
               WHERE %(failed)s AND (found.event, found.lane_id) > (%(low_event)s, %(low_lane)s)
                 AND (found.event, found.lane_id) < (%(high_event)s, %(high_lane)s)
               ORDER BY CASE WHEN %(oldest)s THEN found.event END, CASE WHEN %(oldest)s THEN found.lane_id END,
                        CASE WHEN NOT %(oldest)s THEN found.event END DESC,
                        CASE WHEN NOT %(oldest)s THEN found.lane_id END DESC
               LIMIT %(most)s) k
         CROSS JOIN LATERAL (
             SELECT of_key.* FROM event_deliveries of_key
             WHERE of_key.event = k.event AND of_key.lane_id = k.lane_id
             LIMIT 1) d
         ORDER BY CASE WHEN %(oldest)s THEN k.event END, CASE WHEN %(oldest)s THEN k.lane_id END,
                  CASE WHEN NOT %(oldest)s THEN k.event END DESC,
                  CASE WHEN NOT %(oldest)s THEN k.lane_id END DESC)
        UNION ALL
        (SELECT d.event, d.lane_id, d.status, d.reason, d.attempt_count, d.delivered_at, false
         FROM event_deliveries d
         WHERE %(ended)s AND d.lane_id = %(lane)s AND d.ended_at IS NOT NULL
           AND (d.event, d.lane_id) > (%(low_event)s, %(low_lane)s)
           AND (d.event, d.lane_id) < (%(high_event)s, %(high_lane)s)
         ORDER BY CASE WHEN %(oldest)s THEN d.event END, CASE WHEN %(oldest)s THEN d.lane_id END,
                  CASE WHEN NOT %(oldest)s THEN d.event END DESC,
                  CASE WHEN NOT %(oldest)s THEN d.lane_id END DESC)
        UNION ALL
        (SELECT k.event, k.lane_id, d.status, d.reason, d.attempt_count, d.delivered_at, false
         FROM (SELECT found.event, found.lane_id
               FROM unnest(%(pending_lanes)s::bigint[]) AS lane (lane_id)
               CROSS JOIN LATERAL (
                   SELECT waiting.event, waiting.lane_id
                   FROM event_deliveries waiting
                   WHERE waiting.lane_id = lane.lane_id AND waiting.status = 'pending'
                   LIMIT %(whole)s) found
               WHERE %(pending)s AND (found.event, found.lane_id) > (%(low_event)s, %(low_lane)s)
                 AND (found.event, found.lane_id) < (%(high_event)s, %(high_lane)s)
               ORDER BY CASE WHEN %(oldest)s THEN found.event END, CASE WHEN %(oldest)s THEN found.lane_id END,
                        CASE WHEN NOT %(oldest)s THEN found.event END DESC,
                        CASE WHEN NOT %(oldest)s THEN found.lane_id END DESC
               LIMIT %(most)s) k
         CROSS JOIN LATERAL (
             SELECT of_key.* FROM event_deliveries of_key
             WHERE of_key.event = k.event AND of_key.lane_id = k.lane_id
             LIMIT 1) d
         ORDER BY CASE WHEN %(oldest)s THEN k.event END, CASE WHEN %(oldest)s THEN k.lane_id END,
                  CASE WHEN NOT %(oldest)s THEN k.event END DESC,
                  CASE WHEN NOT %(oldest)s THEN k.lane_id END DESC)) each
    WINDOW in_order AS (ORDER BY CASE WHEN %(oldest)s THEN event END, CASE WHEN %(oldest)s THEN lane_id END,
                                 CASE WHEN NOT %(oldest)s THEN event END DESC,
                                 CASE WHEN NOT %(oldest)s THEN lane_id END DESC)
    ORDER BY CASE WHEN %(oldest)s THEN event END, CASE WHEN %(oldest)s THEN lane_id END,
             CASE WHEN NOT %(oldest)s THEN event END DESC,
             CASE WHEN NOT %(oldest)s THEN lane_id END DESC
    LIMIT %(most)s) d
CROSS JOIN LATERAL (
    SELECT d.status = ANY (%(statuses)s::text[])
           AND (d.status <> 'pending' OR d.lane_id = ANY (%(pending_lanes)s::bigint[]))
           AND (%(lane)s::bigint IS NULL OR d.lane_id = %(lane)s)
           AND (%(only)s::bigint IS NULL OR d.lane_id = %(only)s)
           AND (%(reason)s::text IS NULL
                OR CASE WHEN d.status = 'pending' AND d.lane_id = ANY (%(closed_lanes)s::bigint[])
                        THEN d.lane_id = ANY (%(reason_lanes)s::bigint[])
                        ELSE coalesce(d.reason ILIKE %(reason)s, false) END) AS may_match
    OFFSET 0) own
LEFT JOIN LATERAL (
    SELECT of_row.* FROM marketing_events of_row
    WHERE of_row.id = d.event AND own.may_match
    LIMIT 1) e ON true
CROSS JOIN LATERAL (
    SELECT own.may_match AND e.id IS NOT NULL
           AND (%(from)s::timestamptz IS NULL OR e.created_at >= %(from)s)
           AND (%(to)s::timestamptz IS NULL OR e.created_at < %(to)s)
           AND (%(event_types)s::text[] IS NULL OR coalesce(e.event_type = ANY (%(event_types)s), false))
           AS matches
    OFFSET 0) f
WHERE f.matches OR d.is_cut
ORDER BY CASE WHEN %(oldest)s THEN d.event END, CASE WHEN %(oldest)s THEN d.lane_id END,
         CASE WHEN NOT %(oldest)s THEN d.event END DESC,
         CASE WHEN NOT %(oldest)s THEN d.lane_id END DESC
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
SELECT coalesce(sum(found.pending), 0)::bigint AS found
FROM unnest(%(lanes)s::bigint[]) AS lane (lane_id)
CROSS JOIN LATERAL (
    SELECT count(*) AS pending
    FROM (SELECT FROM event_deliveries d
          WHERE d.lane_id = lane.lane_id AND d.status = 'pending'
          LIMIT %(most)s + 1) each) found

-- name: ended
-- How many of a lane have ended, up to one more than `most`.
SELECT count(*) AS found
FROM (SELECT FROM event_deliveries d
      WHERE d.lane_id = %(lane)s AND d.ended_at IS NOT NULL
      LIMIT %(most)s + 1) each

-- name: failed
-- How many of these lanes were refused or expired, up to one more than `most`.
SELECT count(*) AS found
FROM (SELECT
      FROM unnest(%(lanes)s::bigint[]) AS lane (lane_id)
      CROSS JOIN LATERAL (
          SELECT FROM event_deliveries d
          WHERE d.lane_id = lane.lane_id AND d.status IN ('failed', 'expired')
            AND (%(status)s::text IS NULL OR d.status = %(status)s)
          LIMIT %(most)s + 1) found
      LIMIT %(most)s + 1) each

-- name: deliveries
-- How many deliveries there are, up to one more than `most`.
SELECT count(*) AS found
FROM (SELECT FROM event_deliveries d
      ORDER BY d.event DESC, d.lane_id DESC
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
