-- name: create
INSERT INTO storefront_sgtm_config
    (storefront_id, sgtm_url, path, measurement_id, settings_json, is_active)
VALUES (%(storefront_id)s, %(sgtm_url)s, %(path)s, %(measurement_id)s, %(settings)s::json,
        %(is_active)s)
RETURNING id

-- name: list
SELECT g.id, l.lane_id, g.storefront_id, g.sgtm_url, g.path, g.measurement_id,
       g.settings_json AS settings, g.is_active, g.created_at, g.updated_at
FROM storefront_sgtm_config g
JOIN relay_lanes l ON l.destination_type = 'sgtm' AND l.destination_id = g.id
ORDER BY g.id

-- name: read
SELECT g.id, l.lane_id, g.storefront_id, g.sgtm_url, g.path, g.measurement_id,
       g.settings_json AS settings, g.is_active, g.created_at, g.updated_at
FROM storefront_sgtm_config g
JOIN relay_lanes l ON l.destination_type = 'sgtm' AND l.destination_id = g.id
WHERE g.id = %(id)s

-- name: lock
SELECT id, storefront_id, sgtm_url, path, measurement_id, settings_json AS settings, is_active
FROM storefront_sgtm_config
WHERE id = %(id)s
FOR UPDATE

-- name: change
UPDATE storefront_sgtm_config
SET sgtm_url = %(sgtm_url)s, path = %(path)s, measurement_id = %(measurement_id)s,
    settings_json = %(settings)s::json, is_active = %(is_active)s,
    updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
WHERE id = %(id)s

-- name: delete
DELETE FROM storefront_sgtm_config WHERE id = %(id)s RETURNING storefront_id
