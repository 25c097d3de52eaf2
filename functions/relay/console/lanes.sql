-- name: read
-- What was accepted for a lane that waits as it was told, and whose time is over, may be sent: nothing has been
-- sent since. A failing or blocked one is tried with single events until one arrives.
SELECT l.lane_id, s.storefront_id AS storefront, coalesce(p.platform_code, l.adapter) AS destination,
       l.is_active, l.paused, l.state, l.reason, l.since,
       CASE WHEN l.open_until > clock_timestamp() AND l.open_until < 'infinity'
            THEN l.open_until END AS next_try_at,
       l.is_active AND NOT l.paused AND l.deleted_at IS NULL
           AND (l.state = 'open'
                OR (l.state = 'waiting' AND coalesce(l.open_until <= clock_timestamp(), true)))
           AS is_open,
       l.deleted_at IS NOT NULL AS is_deleted
FROM relay_lanes l
LEFT JOIN storefronts s ON s.id = l.storefront_id
LEFT JOIN platform_credentials c ON l.destination_type = 'credential' AND c.id = l.destination_id
LEFT JOIN ad_analytics_platforms p ON p.id = c.platform_id
ORDER BY l.lane_id
