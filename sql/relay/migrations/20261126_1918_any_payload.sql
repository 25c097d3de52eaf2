-- The order system's row is stored whatever its payload is; the intake says what cannot be read.
-- The rollback fails while a payload is malformed.
--
-- Rollback:
--   ALTER TABLE marketing_events ALTER COLUMN event_payload TYPE json USING event_payload::json;

BEGIN;

ALTER TABLE marketing_events ALTER COLUMN event_payload TYPE text USING event_payload::text;

COMMIT;
