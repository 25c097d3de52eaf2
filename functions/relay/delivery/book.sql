-- The statements of the lanes: which are due, claims by lease, and what came of a batch.

-- name: due
-- Lanes with due deliveries that may be served now. A claim moves next_attempt_at to the end of its
-- lease, so the index alone says what is due. LATERAL makes one index lookup per lane, for new deliveries and for
-- those of replays. The statement's time is one that the index can look up; the clock's is not.
SELECT l.lane_id, l.adapter, l.concurrency, l.failures
FROM relay_lanes l
CROSS JOIN LATERAL (
    SELECT FROM event_deliveries d
    WHERE d.lane_id = l.lane_id AND d.status = 'pending' AND num_nonnulls(d.replay_id) IN (0, 1)
      AND d.next_attempt_at <= statement_timestamp()
    LIMIT 1) next
WHERE l.is_active AND NOT l.paused AND l.deleted_at IS NULL
  AND (l.open_until IS NULL OR l.open_until <= clock_timestamp())
ORDER BY l.last_served_at NULLS FIRST, l.lane_id

-- name: wait
-- The seconds until the next lane may send: when its oldest delivery is due, the lane is open and its account
-- has a request left.
SELECT extract(epoch FROM min(greatest(
           next.next_attempt_at, l.open_until,
           a.refilled_at + make_interval(secs => (1 - a.tokens) * 60.0 / l.requests_per_minute)))
       - clock_timestamp()) AS seconds
FROM relay_lanes l
JOIN relay_accounts a ON a.account = l.throttle_account
CROSS JOIN (VALUES (0), (1)) AS of_replay (number)
CROSS JOIN LATERAL (
    SELECT d.next_attempt_at
    FROM event_deliveries d
    WHERE d.lane_id = l.lane_id AND d.status = 'pending'
      AND num_nonnulls(d.replay_id) = of_replay.number
    ORDER BY d.next_attempt_at, d.event
    LIMIT 1) next
WHERE l.is_active AND NOT l.paused AND l.deleted_at IS NULL
  AND (l.open_until IS NULL OR l.open_until < 'infinity')

-- name: claim
-- One statement: the lane's turn, the account's requests, the leases. A lane that failed or is blocked
-- gets one event, a probe, and nobody else may serve it until the probe's lease ends. The oldest due goes
-- first, and what a replay has made due behind the others; a probe that fails becomes due later, so the next
-- probe has another event. An account that is slow saves up for one request all the same. The first row
-- has the destination, as `read_destinations` has it.
WITH turn AS (
    UPDATE relay_lanes
    SET last_served_at = clock_timestamp(),
        probe_token = CASE WHEN state IN ('failing', 'blocked') THEN %(token)s::uuid END,
        open_until = CASE WHEN state IN ('failing', 'blocked')
                          THEN clock_timestamp() + make_interval(secs => %(lease_seconds)s) END
    WHERE lane_id = %(lane_id)s AND is_active AND NOT paused AND deleted_at IS NULL
      AND (open_until IS NULL OR open_until <= clock_timestamp())
    RETURNING lane_id, state IN ('failing', 'blocked') AS is_probe, requests_per_minute,
              throttle_account
), account AS (
    SELECT a.account,
           least(greatest(1, t.requests_per_minute / 60.0 * %(burst_seconds)s),
                 a.tokens + extract(epoch FROM clock_timestamp() - a.refilled_at)
                            * t.requests_per_minute / 60.0) AS tokens
    FROM turn t
    JOIN relay_accounts a ON a.account = t.throttle_account
    FOR UPDATE OF a
), room AS (
    SELECT t.lane_id, t.is_probe,
           greatest(0, CASE WHEN t.is_probe THEN least(1, floor(a.tokens))
                            ELSE least(%(requests)s, floor(a.tokens)) * %(batch)s END)::bigint AS most
    FROM turn t, account a
), due AS (
    SELECT d.event, d.lane_id, r.is_probe, d.lease_token IS NOT NULL AS taken_over
    FROM room r, LATERAL (
        SELECT *
        FROM (SELECT event, lane_id, lease_token
              FROM event_deliveries
              WHERE lane_id = r.lane_id AND status = 'pending' AND num_nonnulls(replay_id) = 0
                AND next_attempt_at <= statement_timestamp()
              ORDER BY next_attempt_at, event
              LIMIT r.most
              FOR UPDATE SKIP LOCKED) new
        UNION ALL
        SELECT *
        FROM (SELECT event, lane_id, lease_token
              FROM event_deliveries
              WHERE lane_id = r.lane_id AND status = 'pending' AND num_nonnulls(replay_id) = 1
                AND next_attempt_at <= statement_timestamp()
              ORDER BY next_attempt_at, event
              LIMIT r.most
              FOR UPDATE SKIP LOCKED) replayed
        LIMIT r.most) d
), spent AS (
    UPDATE relay_accounts a
    SET tokens = account.tokens - ceil((SELECT count(*) FROM due) / %(batch)s::float8),
        refilled_at = clock_timestamp()
    FROM account
    WHERE a.account = account.account
), leased AS (
    UPDATE event_deliveries d
    SET lease_token = %(token)s,
        lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s),
        next_attempt_at = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
    FROM due
    WHERE d.event = due.event AND d.lane_id = due.lane_id
    RETURNING d.event, due.is_probe, due.taken_over
)
SELECT leased.*, e.storefront_id, e.event_type, e.event_time, e.identity, e.order_id, e.dedup_id,
       e.event_payload::text AS event_payload, e.match_keys, e.private_encrypted, e.key_id,
       e.consent_json, e.accepted_at,
       CASE WHEN row_number() OVER (ORDER BY e.event_time, e.id) = 1 THEN (
           SELECT to_json(of_lane)
           FROM (SELECT l.lane_id, l.adapter, l.concurrency, l.failures,
                        l.configured_at::text AS configured_at, l.storefront_id, s.currency, s.country,
                        c.platform_id, c.credentials_encrypted, c.key_id, c.settings_json,
                        g.sgtm_url, g.path, g.measurement_id, g.settings_json AS sgtm_settings_json
                 FROM relay_lanes l
                 JOIN storefronts s ON s.id = l.storefront_id
                 LEFT JOIN platform_credentials c
                        ON l.destination_type = 'credential' AND c.id = l.destination_id
                 LEFT JOIN storefront_sgtm_config g
                        ON l.destination_type = 'sgtm' AND g.id = l.destination_id
                 WHERE l.lane_id = %(lane_id)s) of_lane) END AS destination
FROM leased
JOIN marketing_events e ON e.id = leased.event
ORDER BY e.event_time, e.id

-- name: claim_one
-- A delivery of the lane that nobody is sending, due or not, whatever the lane's state: an admin wants to know.
-- It takes no turn of the lane, and leaves alone when the next one may come.
WITH lane AS (
    UPDATE relay_lanes SET probe_token = %(token)s::uuid
    WHERE lane_id = %(lane_id)s AND deleted_at IS NULL
    RETURNING lane_id, throttle_account
), next AS (
    SELECT d.event, d.lane_id
    FROM lane, LATERAL (
        SELECT event, lane_id
        FROM event_deliveries
        WHERE lane_id = lane.lane_id AND status = 'pending'
          AND (lease_until IS NULL OR lease_until <= clock_timestamp())
        ORDER BY num_nonnulls(replay_id), next_attempt_at, event
        LIMIT 1
        FOR UPDATE SKIP LOCKED) d
), spent AS (
    UPDATE relay_accounts a SET tokens = a.tokens - 1
    FROM lane, next
    WHERE a.account = lane.throttle_account
), leased AS (
    UPDATE event_deliveries d
    SET lease_token = %(token)s,
        lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s),
        next_attempt_at = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
    FROM next
    WHERE d.event = next.event AND d.lane_id = next.lane_id
    RETURNING d.event
)
SELECT leased.*, e.storefront_id, e.event_type, e.event_time, e.identity, e.order_id, e.dedup_id,
       e.event_payload::text AS event_payload, e.match_keys, e.private_encrypted, e.key_id,
       e.consent_json, e.accepted_at
FROM leased
JOIN marketing_events e ON e.id = leased.event

-- name: renew
-- A further request of leased batches takes a token, too. Nothing is renewed if the lane is closed now.
WITH lane AS (
    SELECT throttle_account FROM relay_lanes
    WHERE lane_id = %(lane_id)s AND is_active AND NOT paused AND deleted_at IS NULL
      AND (open_until IS NULL OR open_until <= clock_timestamp())
), spent AS (
    UPDATE relay_accounts SET tokens = tokens - %(requests)s
    FROM lane WHERE account = lane.throttle_account AND %(requests)s > 0
)
UPDATE event_deliveries d
SET lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s),
    next_attempt_at = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
FROM lane, unnest(%(events)s::bigint[], %(tokens)s::uuid[]) AS leased (event, token)
WHERE d.lane_id = %(lane_id)s AND d.event = leased.event AND d.lease_token = leased.token
  AND d.status = 'pending'
RETURNING d.event

-- name: release
-- What was not sent is due again, and its account gets back what it gave. Accounts are locked in one order.
WITH paid AS (
    SELECT l.throttle_account AS account, sum(given.requests) AS requests
    FROM unnest(%(paid_lanes)s::bigint[], %(requests)s::integer[]) AS given (lane_id, requests)
    JOIN relay_lanes l ON l.lane_id = given.lane_id
    GROUP BY l.throttle_account
), locked AS (
    SELECT a.account, paid.requests
    FROM paid
    JOIN relay_accounts a ON a.account = paid.account
    ORDER BY a.account
    FOR UPDATE OF a
), given_back AS (
    UPDATE relay_accounts a SET tokens = a.tokens + locked.requests
    FROM locked
    WHERE a.account = locked.account
)
UPDATE event_deliveries d
SET lease_token = NULL, lease_until = NULL, next_attempt_at = clock_timestamp()
FROM unnest(%(events)s::bigint[], %(lanes)s::bigint[], %(tokens)s::uuid[])
         AS leased (event, lane_id, token)
WHERE d.lane_id = leased.lane_id AND d.event = leased.event AND d.lease_token = leased.token
  AND d.status = 'pending'

-- name: write_back
-- Only rows that still have their lease. An outage spends a try only if the lane has delivered something
-- after the event's previous attempt, so that an outage of days spends none, and an event that fells its
-- receiver ends all the same. The last try comes before the event is too old for its receiver.
-- Of a delivery 20 attempts are noted at most; the last place is for the one that ends it. A request whose
-- lease was lost is noted, too, while there is room.
WITH told AS (
    SELECT * FROM unnest(
        %(events)s::bigint[], %(lanes)s::bigint[], %(tokens)s::uuid[], %(kinds)s::text[],
        %(reasons)s::text[], %(expires)s::timestamptz[], %(requested)s::boolean[], %(codes)s::text[],
        %(http_statuses)s::integer[], %(milliseconds)s::integer[], %(batch_sizes)s::integer[])
        AS told (event, lane_id, token, kind, reason, expires_at, requested, code, http_status,
                 milliseconds, batch_size)
), counted AS (
    SELECT told.*, l.destination_type, d.attempt_count,
           d.try_count
           + CASE WHEN told.kind = 'fault' OR (told.kind IN ('outage', 'unknown')
                                               AND l.last_delivered_at > d.last_attempt_at)
                  THEN 1 ELSE 0 END AS tries
    FROM told
    JOIN event_deliveries d ON d.event = told.event AND d.lane_id = told.lane_id
    JOIN relay_lanes l ON l.lane_id = told.lane_id
), written AS (
    UPDATE event_deliveries d
    SET status = CASE WHEN t.kind = 'delivered' THEN 'delivered'
                      WHEN t.kind = 'refused' THEN 'failed'
                      WHEN t.kind IN ('skipped', 'expired') THEN t.kind
                      WHEN t.tries >= %(most_tries)s THEN 'failed'
                      ELSE 'pending' END,
        reason = CASE WHEN t.kind = 'delivered' THEN NULL
                      WHEN t.kind IN ('fault', 'outage', 'unknown') AND t.tries >= %(most_tries)s
                      THEN 'tries_spent: ' || t.reason
                      WHEN t.kind = 'postponed' THEN d.reason
                      ELSE t.reason END,
        try_count = t.tries,
        attempt_count = least(20, d.attempt_count + t.requested::integer),
        last_attempt_at = CASE WHEN t.requested THEN clock_timestamp() ELSE d.last_attempt_at END,
        next_attempt_at = CASE
            WHEN t.kind NOT IN ('fault', 'outage', 'unknown') THEN clock_timestamp()
            WHEN clock_timestamp() < t.expires_at - interval '1 minute'
            THEN least(clock_timestamp() + make_interval(secs => (0.8 + 0.4 * random())
                       * (%(waits)s::float8[])[least(t.tries, %(most_tries)s - 1) + 1]),
                       t.expires_at - interval '1 minute')
            ELSE greatest(t.expires_at, clock_timestamp()) END,
        maybe_delivered = d.maybe_delivered OR t.kind = 'unknown',
        delivered_at = CASE WHEN t.kind = 'delivered' THEN clock_timestamp() END,
        ended_at = CASE WHEN t.kind IN ('delivered', 'refused', 'skipped', 'expired')
                             OR t.tries >= %(most_tries)s THEN clock_timestamp() END,
        lease_token = NULL, lease_until = NULL
    FROM counted t
    WHERE d.event = t.event AND d.lane_id = t.lane_id AND d.lease_token = t.token
      AND d.status = 'pending'
    RETURNING d.event, d.lane_id, d.attempt_count, d.status
)
INSERT INTO event_attempts
    (event, lane_id, destination_type, status, platform_code, message, http_status, duration_ms,
     batch_size)
SELECT t.event, t.lane_id, t.destination_type, t.kind, t.code, left(t.reason, 500), t.http_status,
       t.milliseconds, t.batch_size
FROM counted t
LEFT JOIN written w ON w.event = t.event AND w.lane_id = t.lane_id
WHERE t.requested AND CASE WHEN w.event IS NULL THEN t.attempt_count < 19
                           ELSE w.attempt_count < 20 OR w.status <> 'pending' END

-- name: lock_lanes
-- Locked in one order, so that two processes do not wait for each other in a circle.
SELECT lane_id, state, reason, failures, refusals, probe_token,
       coalesce(open_until > clock_timestamp(), false) AS is_closed,
       configured_at::text AS configured_at
FROM relay_lanes
WHERE lane_id = ANY (%(lanes)s::bigint[])
ORDER BY lane_id
FOR UPDATE

-- name: note_lanes
UPDATE relay_lanes l
SET failures = next.failures, refusals = next.refusals, state = next.state, reason = next.reason,
    since = CASE WHEN next.state = l.state THEN l.since ELSE clock_timestamp() END,
    open_until = greatest(
        CASE WHEN next.closed THEN l.open_until END,
        CASE WHEN next.wait = 'infinity' THEN 'infinity'
             ELSE clock_timestamp() + make_interval(secs => next.wait) END),
    last_delivered_at = CASE WHEN next.delivered THEN clock_timestamp() ELSE l.last_delivered_at END
FROM unnest(%(lanes)s::bigint[], %(state)s::text[], %(reason)s::text[], %(failures)s::integer[],
            %(refusals)s::integer[], %(wait)s::float8[], %(closed)s::boolean[],
            %(delivered)s::boolean[])
         AS next (lane_id, state, reason, failures, refusals, wait, closed, delivered)
WHERE l.lane_id = next.lane_id

-- name: probe_again
-- A probe whose event was not sent after all says nothing: the next event may be tried at once. A lane that
-- waits for an admin goes on waiting.
UPDATE relay_lanes l
SET open_until = clock_timestamp()
FROM unnest(%(lanes)s::bigint[], %(tokens)s::uuid[]) AS unsent (lane_id, token)
WHERE l.lane_id = unsent.lane_id AND l.probe_token = unsent.token
  AND l.state IN ('failing', 'blocked') AND l.open_until < 'infinity'

-- name: read_destinations
-- What a request to each of these lanes needs, read with each claim: a change counts from the next one.
SELECT l.lane_id, l.adapter, l.concurrency, l.failures,
       l.configured_at::text AS configured_at, l.storefront_id, s.currency, s.country,
       c.platform_id, c.credentials_encrypted, c.key_id, c.settings_json,
       g.sgtm_url, g.path, g.measurement_id, g.settings_json AS sgtm_settings_json
FROM relay_lanes l
JOIN storefronts s ON s.id = l.storefront_id
LEFT JOIN platform_credentials c ON l.destination_type = 'credential' AND c.id = l.destination_id
LEFT JOIN storefront_sgtm_config g ON l.destination_type = 'sgtm' AND g.id = l.destination_id
WHERE l.lane_id = %(lane_id)s
