-- What waits now and what has failed: read from partial indexes, `most` rows of each kind of a lane.

-- name: read
-- A replay does not make a lane old: its events are behind the new ones on purpose. What was not tried yet waits
-- for us, what was tried waits for its receiver.
SELECT lane.lane_id, pending.*, failed.*, %(most)s IN (pending.pending, failed.failed_there) AS is_cut,
       oldest.created_at AS oldest_pending_at, untried.created_at AS oldest_untried_at,
       tried.created_at AS oldest_tried_at, lost.created_at AS oldest_failed_at
FROM unnest(%(lanes)s::bigint[]) AS lane (lane_id)
CROSS JOIN LATERAL (
    SELECT count(*) AS pending, count(*) FILTER (WHERE attempt_count = 0) AS untried,
           min(event) FILTER (WHERE replay_id IS NULL) AS oldest_pending,
           min(event) FILTER (WHERE replay_id IS NULL AND attempt_count = 0) AS oldest_untried,
           min(event) FILTER (WHERE replay_id IS NULL AND attempt_count > 0) AS oldest_tried
    FROM (SELECT d.event, d.attempt_count, d.replay_id FROM event_deliveries d
          WHERE d.lane_id = lane.lane_id AND d.status = 'pending'
          ORDER BY num_nonnulls(d.replay_id), d.next_attempt_at, d.event
          LIMIT %(most)s) each) pending
CROSS JOIN LATERAL (
    SELECT count(*) AS failed_there, count(*) FILTER (WHERE status = 'expired') AS expired,
           min(event) AS oldest_failed
    FROM (SELECT d.event, d.status FROM event_deliveries d
          WHERE d.lane_id = lane.lane_id AND d.status IN ('failed', 'expired')
          ORDER BY d.event
          LIMIT %(most)s) each) failed
LEFT JOIN marketing_events oldest ON oldest.id = pending.oldest_pending
LEFT JOIN marketing_events untried ON untried.id = pending.oldest_untried
LEFT JOIN marketing_events tried ON tried.id = pending.oldest_tried
LEFT JOIN marketing_events lost ON lost.id = failed.oldest_failed
ORDER BY lane.lane_id

-- name: intake
-- One that the order system itself calls unresolved has no reason: it is left alone, as all with a status of its own.
SELECT clock_timestamp() AS at, waiting.*, unresolved.*, alone.*,
       %(most)s IN (waiting.intake, unresolved.looked_at, alone.foreign_rows) AS is_cut
FROM (SELECT count(*) AS intake, min(created_at) AS oldest_intake_at
      FROM (SELECT created_at FROM marketing_events
            WHERE status = 'pending'
            ORDER BY id
            LIMIT %(most)s) each) waiting
CROSS JOIN
     (SELECT count(*) AS looked_at, count(*) FILTER (WHERE status_reason IS NOT NULL) AS unresolved,
             min(created_at) FILTER (WHERE status_reason IS NOT NULL) AS oldest_unresolved_at
      FROM (SELECT created_at, status_reason FROM marketing_events
            WHERE status = 'unresolved'
            ORDER BY id
            LIMIT %(most)s) each) unresolved
CROSS JOIN
     (SELECT count(*) AS foreign_rows, min(created_at) AS oldest_foreign_at
      FROM (SELECT created_at FROM marketing_events
            WHERE accepted_at IS NULL AND status_reason IS NULL AND status IS DISTINCT FROM 'pending'
            ORDER BY id
            LIMIT %(most)s) each) alone
