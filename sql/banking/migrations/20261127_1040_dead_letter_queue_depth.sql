-- additive
-- How many messages wait in each consumer's dead-letter queue, for the alert on a queue that nobody sweeps.
--
-- Rollback:
--   ALTER TABLE queue_observations DROP COLUMN IF EXISTS dead_letters;

BEGIN;

ALTER TABLE queue_observations ADD COLUMN IF NOT EXISTS dead_letters bigint;

COMMIT;
