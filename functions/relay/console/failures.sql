-- name: group
-- Of each lane the newest failures, a share at most; then the largest groups, and the rest as one, without a lane. A
-- reason loses each word with a digit, an @ or a //. The numbers of events grow with time, so those since a time are
-- behind the first of then, and some more: two that are inserted at once may have theirs in the other order.
WITH failed AS (
    SELECT d.event, d.lane_id, d.stage, e.event_type, e.created_at, d.is_last,
           CASE WHEN d.reason ~ '[0-9@]|//' THEN
               left(regexp_replace(d.reason, '[^\s,\x3b=()"''<>{}]*([0-9@]|//)[^\s,\x3b=()"''<>{}]*', '#', 'g'),
                    500)
           ELSE left(coalesce(d.reason, ''), 500) END COLLATE "C" AS reason
    FROM unnest(%(lanes)s::bigint[]) AS lane (lane_id)
    CROSS JOIN LATERAL (
        SELECT newest.event, newest.lane_id, newest.status AS stage, newest.reason,
               row_number() OVER (ORDER BY newest.event DESC) = %(share)s AS is_last
        FROM event_deliveries newest
        WHERE newest.lane_id = lane.lane_id AND newest.status IN ('failed', 'expired')
          AND newest.event >= CASE WHEN %(since)s::timestamptz IS NULL THEN 0 ELSE coalesce(
                  (SELECT id FROM marketing_events
                   WHERE created_at >= %(since)s::timestamptz - interval '10 seconds'
                   ORDER BY created_at, id
                   LIMIT 1), 9223372036854775807) END
        ORDER BY newest.event DESC
        LIMIT %(share)s) d
    JOIN marketing_events e ON e.id = d.event
    WHERE %(since)s::timestamptz IS NULL OR e.created_at >= %(since)s
), cause AS (
    SELECT lane_id, stage, event_type, reason, count(*) AS events, min(created_at) AS first_at,
           max(created_at) AS last_at, max(event) AS sample, bool_or(is_last) AS is_cut,
           row_number() OVER (ORDER BY count(*) DESC, max(created_at) DESC, lane_id, reason)
               <= %(groups)s AS is_shown
    FROM failed
    GROUP BY lane_id, stage, event_type, reason
)
SELECT left(md5(concat_ws(chr(31), lane_id, stage, event_type, reason)), 16) AS failure_group, lane_id, stage,
       event_type, reason, events, first_at, last_at, sample, is_cut, 1 AS groups
FROM cause
WHERE is_shown
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, sum(events)::bigint, min(first_at), max(last_at), NULL, bool_or(is_cut),
       count(*)
FROM cause
WHERE NOT is_shown
HAVING count(*) > 0
ORDER BY events DESC, last_at DESC, failure_group
