-- name: take
-- Each is done once. One that is lost with its process is asked for again by whoever waits for it.
UPDATE relay_checks c
SET taken_at = clock_timestamp()
FROM (SELECT check_id
      FROM relay_checks
      WHERE taken_at IS NULL AND created_at > clock_timestamp() - interval '2 minutes'
      ORDER BY check_id
      LIMIT %(most)s
      FOR UPDATE SKIP LOCKED) next
WHERE c.check_id = next.check_id
RETURNING c.check_id, c.lane_id, c.kind

-- name: answer
UPDATE relay_checks
SET answered_at = clock_timestamp(), outcome = %(outcome)s, event = %(event)s,
    platform_code = %(platform_code)s, message = left(%(message)s, 500),
    http_status = %(http_status)s, duration_ms = %(duration_ms)s
WHERE check_id = %(check_id)s
