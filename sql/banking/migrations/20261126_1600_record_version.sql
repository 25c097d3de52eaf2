-- additive
-- The version of the record of revocations that this database has seen, so that a record that was lost or
-- set back is not taken for one that knows of no revocation.
--
-- Rollback:
--   ALTER TABLE recovery DROP COLUMN record_version;

BEGIN;

ALTER TABLE recovery ADD COLUMN IF NOT EXISTS record_version bigint NOT NULL DEFAULT 0;

COMMIT;
