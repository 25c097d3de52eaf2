-- name: lane_of
SELECT lane_id
FROM relay_lanes
WHERE destination_type = %(type)s AND destination_id = %(id)s AND deleted_at IS NULL

-- name: read_lane
SELECT lane_id FROM relay_lanes WHERE lane_id = %(lane_id)s AND deleted_at IS NULL

-- name: ask
INSERT INTO relay_checks (lane_id, kind) VALUES (%(lane_id)s, %(kind)s) RETURNING check_id

-- name: forget
-- Nobody waits for these any more.
DELETE FROM relay_checks WHERE created_at < clock_timestamp() - interval '1 day'

-- name: read
SELECT outcome, event, platform_code, message, http_status, duration_ms
FROM relay_checks
WHERE check_id = %(check_id)s AND answered_at IS NOT NULL
