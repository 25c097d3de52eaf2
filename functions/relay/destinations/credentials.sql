-- name: create
INSERT INTO platform_credentials
    (storefront_id, platform_id, credentials_encrypted, key_id, field_names, fingerprint,
     settings_json, is_active)
VALUES (%(storefront_id)s, %(platform_id)s, %(text)s, %(key_id)s, %(field_names)s, %(fingerprint)s,
        %(settings)s::json, %(is_active)s)
RETURNING id, storefront_id, platform_id, key_id, field_names, fingerprint,
          settings_json AS settings, is_active, created_at, updated_at

-- name: list
SELECT c.id, l.lane_id, c.storefront_id, c.platform_id, c.key_id, c.field_names, c.fingerprint,
       c.settings_json AS settings, c.is_active, c.created_at, c.updated_at
FROM platform_credentials c
JOIN relay_lanes l ON l.destination_type = 'credential' AND l.destination_id = c.id
ORDER BY c.id

-- name: read
SELECT c.id, l.lane_id, c.storefront_id, c.platform_id, c.key_id, c.field_names, c.fingerprint,
       c.settings_json AS settings, c.is_active, c.created_at, c.updated_at
FROM platform_credentials c
JOIN relay_lanes l ON l.destination_type = 'credential' AND l.destination_id = c.id
WHERE c.id = %(id)s

-- name: lock
-- With what is sealed, for a change.
SELECT c.id, c.storefront_id, c.platform_id, c.credentials_encrypted, c.key_id,
       c.settings_json AS settings, c.is_active, l.lane_id, l.adapter
FROM platform_credentials c
JOIN relay_lanes l ON l.destination_type = 'credential' AND l.destination_id = c.id
WHERE c.id = %(id)s
FOR UPDATE OF c

-- name: change
UPDATE platform_credentials
SET credentials_encrypted = coalesce(%(text)s, credentials_encrypted),
    key_id = coalesce(%(key_id)s, key_id), field_names = coalesce(%(field_names)s, field_names),
    fingerprint = coalesce(%(fingerprint)s, fingerprint),
    settings_json = %(settings)s::json, is_active = %(is_active)s,
    updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
WHERE id = %(id)s

-- name: delete
DELETE FROM platform_credentials WHERE id = %(id)s RETURNING storefront_id
