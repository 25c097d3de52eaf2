-- name: create
INSERT INTO ad_analytics_platforms (platform_code, name, auth_type, adapter)
VALUES (%(platform_code)s, %(name)s, %(auth_type)s, %(adapter)s)
RETURNING id, platform_code, name, auth_type, adapter, created_at, updated_at

-- name: list
SELECT id, platform_code, name, auth_type, adapter, created_at, updated_at
FROM ad_analytics_platforms
ORDER BY id

-- name: read
SELECT id, platform_code, name, auth_type, adapter, created_at, updated_at
FROM ad_analytics_platforms
WHERE id = %(id)s

-- name: change
UPDATE ad_analytics_platforms
SET name = coalesce(%(name)s, name), auth_type = coalesce(%(auth_type)s, auth_type),
    updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
WHERE id = %(id)s
RETURNING id, platform_code, name, auth_type, adapter, created_at, updated_at

-- name: lock
-- Whoever adds a credential shares the lock: a platform stays while one is added.
SELECT id, adapter FROM ad_analytics_platforms WHERE id = %(id)s FOR UPDATE

-- name: share
SELECT id, adapter FROM ad_analytics_platforms WHERE id = %(id)s FOR SHARE

-- name: count_credentials
SELECT count(*) AS credentials FROM platform_credentials WHERE platform_id = %(id)s

-- name: delete
DELETE FROM ad_analytics_platforms WHERE id = %(id)s
