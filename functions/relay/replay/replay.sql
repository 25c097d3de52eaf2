-- Deliveries that a filter names: found page by page, then made due again, made anew, or given up.

-- name: lanes
-- The lanes of the filter. A storefront is named by its number or its code, a destination by its lane's number, its
-- adapter or its platform's code.
SELECT l.lane_id, l.storefront_id, s.storefront_id AS storefront, l.adapter AS destination, l.is_active,
       c.settings_json, g.settings_json AS sgtm_settings_json, g.sgtm_url, g.path, g.measurement_id
FROM relay_lanes l
JOIN storefronts s ON s.id = l.storefront_id
LEFT JOIN platform_credentials c ON l.destination_type = 'credential' AND c.id = l.destination_id
LEFT JOIN ad_analytics_platforms p ON p.id = c.platform_id
LEFT JOIN storefront_sgtm_config g ON l.destination_type = 'sgtm' AND g.id = l.destination_id
WHERE l.deleted_at IS NULL
  AND (%(storefronts)s::text[] IS NULL
       OR 'id:' || s.id = ANY (%(storefronts)s) OR 'code:' || s.storefront_id = ANY (%(storefronts)s))
  AND (%(destinations)s::text[] IS NULL
       OR 'id:' || l.lane_id = ANY (%(destinations)s)
       OR 'code:' || l.adapter = ANY (%(destinations)s)
       OR 'code:' || p.platform_code = ANY (%(destinations)s))
ORDER BY l.lane_id

-- name: find
-- One page, the oldest event first, of what is not too old for its lane. What somebody is sending is left out. The
-- three parts say their statuses literally, so that each finds its index, or is not looked at. Ids grow with time, so that older events
-- than `since` are not read; an hour is more than two insertions can cross by.
WITH lanes AS (
    SELECT * FROM unnest(%(lanes)s::bigint[], %(storefront_ids)s::integer[], %(oldest)s::timestamptz[])
        AS lanes (lane_id, storefront_id, oldest)
), bound AS (
    SELECT greatest(%(after_event)s,
                    coalesce((SELECT id FROM marketing_events
                              WHERE created_at >= (SELECT min(oldest) FROM lanes) - interval '1 hour'
                              ORDER BY created_at LIMIT 1), 9223372036854775807)) AS event
), found AS (
    (SELECT d.event, d.lane_id, d.status, d.maybe_delivered,
            coalesce(d.delivered_at, d.last_attempt_at) AS last_sent_at
     FROM lanes l
     JOIN (SELECT * FROM event_deliveries WHERE status IN ('failed', 'expired', 'skipped')
           UNION ALL
           SELECT * FROM event_deliveries
           WHERE status = 'pending' AND 'pending' = ANY (%(statuses)s::text[])
           UNION ALL
           SELECT * FROM event_deliveries
           WHERE status = 'delivered' AND 'delivered' = ANY (%(statuses)s::text[])) d
       ON d.lane_id = l.lane_id AND d.event >= (SELECT event FROM bound)
     JOIN marketing_events e ON e.id = d.event
     WHERE d.status = ANY (%(statuses)s::text[])
       AND (d.event, d.lane_id) > (%(after_event)s, %(after_lane)s)
       AND (d.lease_until IS NULL OR d.lease_until <= statement_timestamp())
       AND (%(reasons)s::text[] IS NULL OR split_part(d.reason, ':', 1) = ANY (%(reasons)s)
            OR d.reason = ANY (%(reasons)s))
       AND e.event_time >= l.oldest
       AND (%(until)s::timestamptz IS NULL OR e.event_time < %(until)s)
       AND (%(event_types)s::text[] IS NULL OR e.event_type = ANY (%(event_types)s))
       AND (%(event_ids)s::text[] IS NULL OR 'id:' || e.id = ANY (%(event_ids)s)
            OR 'code:' || e.identity = ANY (%(event_ids)s))
     ORDER BY d.event, d.lane_id
     LIMIT %(most)s)
    UNION ALL
    (SELECT e.id, l.lane_id, 'new', false, NULL
     FROM marketing_events e
     JOIN lanes l ON l.storefront_id = e.storefront_id
     WHERE e.id >= (SELECT event FROM bound) AND %(backfill)s AND e.accepted_at IS NOT NULL
       AND (e.id, l.lane_id) > (%(after_event)s, %(after_lane)s)
       AND NOT EXISTS (SELECT FROM event_deliveries d WHERE d.event = e.id AND d.lane_id = l.lane_id)
       AND e.event_time >= l.oldest
       AND (%(until)s::timestamptz IS NULL OR e.event_time < %(until)s)
       AND (%(event_types)s::text[] IS NULL OR e.event_type = ANY (%(event_types)s))
       AND (%(event_ids)s::text[] IS NULL OR 'id:' || e.id = ANY (%(event_ids)s)
            OR 'code:' || e.identity = ANY (%(event_ids)s))
     ORDER BY e.id, l.lane_id
     LIMIT %(most)s)
    ORDER BY 1, 2
    LIMIT %(most)s
)
SELECT f.*, e.storefront_id, e.event_type, e.event_time, e.identity, e.order_id, e.dedup_id,
       e.event_payload::text AS event_payload, e.match_keys, e.private_encrypted, e.key_id, e.consent_json,
       e.erased_at IS NOT NULL AS erased
FROM found f
JOIN marketing_events e ON e.id = f.event
ORDER BY f.event, f.lane_id

-- name: count_too_old
-- Of what the filter names, that which its lane's receiver would not take any more; counted up to a bound.
SELECT lane_id, count(*) AS deliveries
FROM (
    SELECT d.lane_id
    FROM unnest(%(lanes)s::bigint[], %(oldest)s::timestamptz[]) AS l (lane_id, oldest)
    JOIN (SELECT * FROM event_deliveries WHERE status IN ('failed', 'expired', 'skipped')
          UNION ALL
          SELECT * FROM event_deliveries
          WHERE status = 'pending' AND 'pending' = ANY (%(statuses)s::text[])
          UNION ALL
          SELECT * FROM event_deliveries
          WHERE status = 'delivered' AND 'delivered' = ANY (%(statuses)s::text[])) d
      ON d.lane_id = l.lane_id
     AND d.event >= (SELECT id FROM marketing_events
                     WHERE created_at >= %(since)s::timestamptz - interval '1 hour'
                     ORDER BY created_at LIMIT 1)
    JOIN marketing_events e ON e.id = d.event
    WHERE d.status = ANY (%(statuses)s::text[])
      AND (%(reasons)s::text[] IS NULL OR split_part(d.reason, ':', 1) = ANY (%(reasons)s)
           OR d.reason = ANY (%(reasons)s))
      AND e.event_time >= %(since)s AND e.event_time < l.oldest
      AND (%(until)s::timestamptz IS NULL OR e.event_time < %(until)s)
      AND (%(event_types)s::text[] IS NULL OR e.event_type = ANY (%(event_types)s))
      AND (%(event_ids)s::text[] IS NULL OR 'id:' || e.id = ANY (%(event_ids)s)
           OR 'code:' || e.identity = ANY (%(event_ids)s))
    LIMIT %(most)s) stale
GROUP BY lane_id

-- name: hold_lanes
-- Nobody deletes one of these lanes until the commit (`lock_lanes`).
SELECT pg_advisory_xact_lock_shared(1, storefront_id)
FROM (SELECT DISTINCT unnest(%(storefront_ids)s::integer[]) AS storefront_id ORDER BY 1) named

-- name: still_there
SELECT lane_id FROM relay_lanes WHERE lane_id = ANY (%(lanes)s::bigint[]) AND deleted_at IS NULL

-- name: hold_events
-- Nobody erases or purges one of these events until the commit. In one order, because others lock several, too.
SELECT id FROM marketing_events
WHERE id = ANY (%(events)s::bigint[]) AND erased_at IS NULL
ORDER BY id
FOR SHARE

-- name: make_due
-- As they were seen; what somebody has begun to send meanwhile is left alone. All have one time, so that the oldest
-- event goes first, and a replay_id, so that they are behind the new ones.
UPDATE event_deliveries d
SET status = 'pending', reason = NULL, try_count = 0, next_attempt_at = now(), delivered_at = NULL,
    ended_at = NULL, lease_token = NULL, lease_until = NULL, replay_id = %(replay_id)s
FROM unnest(%(events)s::bigint[], %(lanes)s::bigint[], %(statuses)s::text[])
         AS chosen (event, lane_id, status)
WHERE d.event = chosen.event AND d.lane_id = chosen.lane_id AND d.status = chosen.status
  AND (d.lease_until IS NULL OR d.lease_until <= statement_timestamp())

-- name: make
INSERT INTO event_deliveries (event, lane_id, next_attempt_at, replay_id)
SELECT chosen.event, chosen.lane_id, now(), %(replay_id)s
FROM unnest(%(events)s::bigint[], %(lanes)s::bigint[], %(statuses)s::text[])
         AS chosen (event, lane_id, status)
WHERE chosen.status = 'new'
ON CONFLICT (event, lane_id) DO NOTHING

-- name: give_up
UPDATE event_deliveries d
SET status = 'skipped', reason = 'given_up', ended_at = clock_timestamp(), lease_token = NULL,
    lease_until = NULL
FROM unnest(%(events)s::bigint[], %(lanes)s::bigint[], %(statuses)s::text[])
         AS chosen (event, lane_id, status)
WHERE d.event = chosen.event AND d.lane_id = chosen.lane_id AND d.status = chosen.status
  AND (d.lease_until IS NULL OR d.lease_until <= statement_timestamp())
