-- additive
-- Erasures that the archive has dealt with are marked, so that no run reads their archived events again.
--
-- Rollback:
--   REVOKE UPDATE (forgotten_at) ON erasures FROM fintegrate_app;
--   DROP INDEX erasures_to_forget;
--   ALTER TABLE erasures DROP COLUMN forgotten_at;

BEGIN;

-- Since when no file of archived events tells of the customer.
ALTER TABLE erasures ADD COLUMN IF NOT EXISTS forgotten_at timestamptz;
CREATE INDEX IF NOT EXISTS erasures_to_forget
    ON erasures (finished_at) WHERE finished_at IS NOT NULL AND forgotten_at IS NULL;
GRANT UPDATE (forgotten_at) ON erasures TO fintegrate_app;

COMMIT;
