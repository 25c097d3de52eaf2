-- name: search
-- By number, by the own id at each shop, and by what the order system wrote into a row that was not accepted. Each
-- by an index, so that what does not exist costs as little as what does.
SELECT e.id, left(coalesce(e.identity, e.event_id), 255) AS own_id, left(e.event_type, 100) AS event_type,
       left(e.status, 60) || coalesce(': ' || e.status_reason, '') AS status,
       e.accepted_at IS NOT NULL AS is_accepted,
       left(coalesce(s.storefront_id, e.storefront_code, 'an unknown shop'), 64) AS storefront,
       (SELECT count(*) FROM event_deliveries d WHERE d.event = e.id) AS destinations,
       EXISTS (SELECT FROM event_deliveries d WHERE d.event = e.id AND d.lane_id = %(lane)s) AS is_there
FROM (SELECT found.id
      FROM (SELECT by_number.id FROM marketing_events by_number WHERE by_number.id = %(number)s
            UNION
            (SELECT own.id
             FROM storefronts shop
             JOIN marketing_events own ON own.storefront_id = shop.id AND own.identity = %(text)s
             WHERE own.accepted_at IS NOT NULL
             LIMIT %(most)s)
            UNION
            (SELECT own.id
             FROM marketing_events own
             WHERE own.accepted_at IS NULL AND own.event_id = %(text)s
             LIMIT %(most)s)) found
      ORDER BY found.id DESC
      LIMIT %(most)s) named
JOIN marketing_events e ON e.id = named.id
LEFT JOIN storefronts s ON s.id = e.storefront_id
ORDER BY e.id DESC
