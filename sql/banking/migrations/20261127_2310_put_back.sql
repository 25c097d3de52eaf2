-- additive
-- How many of a replay's events were put back to wait, instead of being sent by it.
--
-- Rollback:
--   ALTER TABLE replays DROP COLUMN put_back;

BEGIN;

ALTER TABLE replays ADD COLUMN IF NOT EXISTS put_back bigint NOT NULL DEFAULT 0;

COMMIT;
