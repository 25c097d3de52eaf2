-- additive
-- The audit log says who acted by the console, in which session, on whose data, and what the act met.
--
-- Rollback:
--   ALTER TABLE audit_log
--       DROP COLUMN actor, DROP COLUMN session_id, DROP COLUMN subject_consumer_id, DROP COLUMN details;

BEGIN;

ALTER TABLE audit_log
    ADD COLUMN IF NOT EXISTS actor text,
    ADD COLUMN IF NOT EXISTS session_id uuid,
    ADD COLUMN IF NOT EXISTS subject_consumer_id uuid,
    ADD COLUMN IF NOT EXISTS details jsonb;

COMMIT;
