-- name: read_platform
SELECT id, platform_code, adapter FROM ad_analytics_platforms WHERE id = %(platform_id)s

-- name: create
INSERT INTO platform_credentials
    (storefront_id, platform_id, credentials_encrypted, key_id, field_names, fingerprint,
     settings_json, is_active)
VALUES (%(storefront_id)s, %(platform_id)s, %(text)s, %(key_id)s, %(field_names)s, %(fingerprint)s,
        %(settings)s::json, %(is_active)s)
RETURNING id, storefront_id, platform_id, key_id, field_names, fingerprint,
          settings_json AS settings, is_active, created_at, updated_at

-- name: create_lane
INSERT INTO relay_lanes
    (storefront_id, destination_type, destination_id, adapter, is_active, requests_per_minute,
     concurrency, throttle_account)
VALUES (%(storefront_id)s, 'credential', %(id)s, %(adapter)s, %(is_active)s,
        %(requests_per_minute)s, %(concurrency)s, %(account)s)
RETURNING lane_id

-- name: create_account
-- A new account begins with what it may send in ten seconds.
INSERT INTO relay_accounts (account, tokens)
VALUES (%(account)s, %(requests_per_minute)s / 6.0)
ON CONFLICT (account) DO NOTHING
