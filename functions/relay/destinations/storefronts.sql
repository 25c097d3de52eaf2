-- name: create
INSERT INTO storefronts (storefront_id, name, is_active, currency, country)
VALUES (%(storefront_id)s, %(name)s, %(is_active)s, %(currency)s, %(country)s)
RETURNING id, storefront_id, name, is_active, currency, country, created_at, updated_at

-- name: list
SELECT id, storefront_id, name, is_active, currency, country, created_at, updated_at
FROM storefronts
ORDER BY id

-- name: read
SELECT id, storefront_id, name, is_active, currency, country, created_at, updated_at
FROM storefronts
WHERE id = %(id)s

-- name: change
UPDATE storefronts
SET name = coalesce(%(name)s, name), is_active = coalesce(%(is_active)s, is_active),
    currency = coalesce(%(currency)s, currency), country = coalesce(%(country)s, country),
    updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
WHERE id = %(id)s
RETURNING id, storefront_id, name, is_active, currency, country, created_at, updated_at

-- name: left
-- What a storefront still has: destinations, and deliveries that are not done.
SELECT (SELECT count(*) FROM relay_lanes WHERE storefront_id = %(id)s AND deleted_at IS NULL)
           AS destinations,
       (SELECT count(*) FROM relay_lanes l
        JOIN event_deliveries d ON d.lane_id = l.lane_id AND d.status = 'pending'
        WHERE l.storefront_id = %(id)s) AS pending

-- name: lock
-- Whoever adds a destination locks the storefront, too.
SELECT id FROM storefronts WHERE id = %(id)s FOR UPDATE

-- name: lock_lanes
-- To be run before a lane is added or deleted: it waits for those who are just accepting events of the storefront,
-- and the next ones wait for the commit.
SELECT pg_advisory_xact_lock(1, %(id)s)

-- name: delete
DELETE FROM storefronts WHERE id = %(id)s
