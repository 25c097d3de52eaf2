-- additive
-- What the functions' user may do with the tables of webhooks; and attempts may be by webhook. The next migration
-- looks at the attempts of before: this one keeps everybody from them, and so must not read them.
--
-- Rollback:
--   REVOKE ALL ON webhooks, webhook_turns, webhook_copies, webhook_tests FROM fintegrate_app;

BEGIN;

ALTER TABLE event_attempts
    DROP CONSTRAINT IF EXISTS event_attempts_by_check,
    ADD CONSTRAINT event_attempts_by_check CHECK (by IN
        ('request', 'resend', 'redeliver', 'replay', 'rewind', 'requeue', 'skip', 'webhook')) NOT VALID;

GRANT SELECT, INSERT, UPDATE, DELETE
    ON webhooks, webhook_turns, webhook_copies, webhook_tests TO fintegrate_app;

COMMIT;
