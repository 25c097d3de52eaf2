-- additive
-- What was refused or expired is counted and listed for each lane. Few deliveries are, so writing gets no slower.
--
-- Rollback:
--   DROP INDEX event_deliveries_failed;

BEGIN;

CREATE INDEX IF NOT EXISTS event_deliveries_failed
    ON event_deliveries (lane_id, event) WHERE status IN ('failed', 'expired');

COMMIT;
