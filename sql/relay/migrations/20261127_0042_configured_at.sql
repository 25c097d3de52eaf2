-- additive
-- When a lane's destination was last written: an answer to a request that was composed before says nothing of it.
--
-- Rollback:
--   ALTER TABLE relay_lanes DROP COLUMN configured_at;

BEGIN;

ALTER TABLE relay_lanes
    ADD COLUMN IF NOT EXISTS configured_at timestamptz NOT NULL DEFAULT clock_timestamp();

COMMIT;
