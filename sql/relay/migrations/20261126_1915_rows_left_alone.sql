-- additive
-- A row that the order system inserts with any status, even none, is stored; the intake leaves it alone
-- and counts it.
--
-- Rollback:
--   DROP INDEX marketing_events_left_alone;
--   UPDATE marketing_events SET status = 'unknown' WHERE status IS NULL;
--   ALTER TABLE marketing_events ALTER COLUMN status SET NOT NULL;

BEGIN;

ALTER TABLE marketing_events ALTER COLUMN status DROP NOT NULL;

-- For count_left_alone. It holds nothing but such rows.
CREATE INDEX IF NOT EXISTS marketing_events_left_alone
    ON marketing_events (id)
    WHERE accepted_at IS NULL AND status_reason IS NULL AND status IS DISTINCT FROM 'pending';

COMMIT;
