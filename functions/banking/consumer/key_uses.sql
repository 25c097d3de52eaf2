-- name: find_owner
SELECT consumer_id, created_at
FROM consumer_api_keys
WHERE key_id = %(key_id)s

-- name: list_uses
-- Each half reads the index by consumer from the newest row on, and stops after a page. No index by key:
-- every event would pay for what is asked after a leak only.
SELECT uses.*
FROM (
    (SELECT event_id AS use_id, created_at, 'event' AS kind, source_service AS action, event_type,
            customer_id, NULL::integer AS status_code, NULL AS request_id, NULL AS source_ip
     FROM customer_events
     WHERE consumer_id = %(consumer_id)s AND metadata_json ->> 'key_id' = %(key_id)s
       AND created_at >= %(since)s
       AND (%(until)s::timestamptz IS NULL OR created_at < %(until)s)
       AND (%(after_at)s::timestamptz IS NULL
            OR (created_at, event_id) < (%(after_at)s, %(after_id)s::uuid))
     ORDER BY created_at DESC, event_id DESC
     LIMIT %(limit)s + 1)
    UNION ALL
    (SELECT audit_id, created_at, 'audit', action, NULL, NULL, status_code, request_id, source_ip
     FROM audit_log
     WHERE consumer_id = %(consumer_id)s AND key_id = %(key_id)s
       AND created_at >= %(since)s
       AND (%(until)s::timestamptz IS NULL OR created_at < %(until)s)
       AND (%(after_at)s::timestamptz IS NULL
            OR (created_at, audit_id) < (%(after_at)s, %(after_id)s::uuid))
     ORDER BY created_at DESC, audit_id DESC
     LIMIT %(limit)s + 1)
) uses
ORDER BY created_at DESC, use_id DESC
LIMIT %(limit)s + 1
