-- A dead letter says whether a later copy of its event had been sent: then it changed nothing. A constant
-- default rewrites no table. Code before this leaves the column out and gets false.
--
-- Rollback:
--   ALTER TABLE dead_letters DROP COLUMN superseded;

BEGIN;

ALTER TABLE dead_letters ADD COLUMN IF NOT EXISTS superseded boolean NOT NULL DEFAULT false;

COMMIT;
