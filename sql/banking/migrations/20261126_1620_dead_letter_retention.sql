-- additive
-- The schedule purge deletes old dead letters.
--
-- Rollback:
--   REVOKE DELETE ON dead_letters FROM fintegrate_app;
--   DROP INDEX dead_letters_by_age;

BEGIN;

CREATE INDEX IF NOT EXISTS dead_letters_by_age ON dead_letters (created_at);

GRANT DELETE ON dead_letters TO fintegrate_app;

COMMIT;
