-- additive
-- What the functions' user may do with the tables of webhooks.
--
-- Rollback:
--   REVOKE ALL ON webhooks, webhook_turns, webhook_copies, webhook_tests FROM fintegrate_app;

BEGIN;

GRANT SELECT, INSERT, UPDATE, DELETE
    ON webhooks, webhook_turns, webhook_copies, webhook_tests TO fintegrate_app;

COMMIT;
