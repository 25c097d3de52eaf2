-- additive
-- The order system's row is stored however long its event_id is: a B-tree refuses a value of some kilobytes, a
-- hash index does not.
--
-- Rollback:
--   DROP INDEX marketing_events_not_accepted;
--   CREATE INDEX marketing_events_not_accepted ON marketing_events (event_id) WHERE accepted_at IS NULL;

BEGIN;

DROP INDEX IF EXISTS marketing_events_not_accepted;
CREATE INDEX marketing_events_not_accepted
    ON marketing_events USING hash (event_id) WHERE accepted_at IS NULL;

COMMIT;
