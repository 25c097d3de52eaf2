-- Snapshots store what changed since the one before. `whole` tells the two forms apart: the rows of before,
-- and of code that does not know the column yet, are whole. Adding the column rewrites no row.
-- Code that writes changes must be rolled back first, and the rows that hold changes only are lost then.
--
-- Rollback:
--   DELETE FROM customer_analytics WHERE NOT whole;
--   ALTER TABLE customer_analytics DROP COLUMN whole;

BEGIN;

ALTER TABLE customer_analytics ADD COLUMN IF NOT EXISTS whole boolean NOT NULL DEFAULT true;

COMMIT;
