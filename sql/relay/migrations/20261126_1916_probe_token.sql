-- additive
-- The token of a lane's probe: while a lane is closed, only its probe's answer opens it.
--
-- Rollback:
--   ALTER TABLE relay_lanes DROP COLUMN probe_token;

BEGIN;

ALTER TABLE relay_lanes ADD COLUMN IF NOT EXISTS probe_token uuid;

COMMIT;
