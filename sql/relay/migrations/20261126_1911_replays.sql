-- additive
-- A replayed delivery is due behind the new ones of its lane, and what may be replayed is found by an index.
--
-- Rollback:
--   DROP INDEX event_deliveries_waiting, event_deliveries_not_delivered;
--   CREATE INDEX event_deliveries_due
--       ON event_deliveries (lane_id, next_attempt_at, event) WHERE status = 'pending';

BEGIN;

CREATE INDEX IF NOT EXISTS event_deliveries_waiting
    ON event_deliveries (lane_id, num_nonnulls(replay_id), next_attempt_at, event)
    WHERE status = 'pending';
DROP INDEX IF EXISTS event_deliveries_due;
CREATE INDEX IF NOT EXISTS event_deliveries_not_delivered
    ON event_deliveries (event, lane_id) WHERE status IN ('failed', 'expired', 'skipped');

-- An event whose person was erased is sent to nobody again.
ALTER TABLE marketing_events ADD COLUMN IF NOT EXISTS erased_at timestamptz;

COMMIT;
