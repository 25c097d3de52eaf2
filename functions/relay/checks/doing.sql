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

-- name: claim_probe
-- One delivery that nobody sends now, whatever the lane's state. A lane that is blocked or fails gets no
-- other probe meanwhile.
WITH lane AS (
    UPDATE relay_lanes
    SET last_served_at = clock_timestamp(),
        open_until = CASE WHEN state IN ('failing', 'blocked')
                          THEN greatest(open_until, clock_timestamp()
                                        + make_interval(secs => %(lease_seconds)s))
                          ELSE open_until END
    WHERE lane_id = %(lane_id)s AND deleted_at IS NULL
    RETURNING lane_id, throttle_account
), next AS (
    SELECT d.event, d.lane_id, lane.throttle_account
    FROM lane
    CROSS JOIN LATERAL (
        SELECT event, lane_id
        FROM event_deliveries
        WHERE lane_id = lane.lane_id AND status = 'pending'
          AND (lease_until IS NULL OR lease_until <= clock_timestamp())
        ORDER BY next_attempt_at, event
        LIMIT 1
        FOR UPDATE SKIP LOCKED) d
), spent AS (
    UPDATE relay_accounts a SET tokens = a.tokens - 1 FROM next WHERE a.account = next.throttle_account
), leased AS (
    UPDATE event_deliveries d
    SET lease_token = %(token)s, attempt_count = attempt_count + 1,
        lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s),
        next_attempt_at = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
    FROM next
    WHERE d.event = next.event AND d.lane_id = next.lane_id
    RETURNING d.event, d.lane_id, d.try_count, d.attempt_count, d.replay_id
)
SELECT leased.*, e.storefront_id, e.event_type, e.event_time, e.identity, e.order_id, e.dedup_id,
       e.event_payload::text AS event_payload, e.match_keys, e.private_encrypted, e.key_id,
       e.consent_json, e.accepted_at
FROM leased
JOIN marketing_events e ON e.id = leased.event

-- name: answer
UPDATE relay_checks
SET answered_at = clock_timestamp(), outcome = %(outcome)s, event = %(event)s,
    platform_code = %(platform_code)s, message = left(%(message)s, 500),
    http_status = %(http_status)s, duration_ms = %(duration_ms)s
WHERE check_id = %(check_id)s
