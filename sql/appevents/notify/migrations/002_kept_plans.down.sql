-- Removes everything that 002_kept_plans.up.sql made.

BEGIN;

DROP FUNCTION IF EXISTS mark_events_published(bigint[]);
DROP FUNCTION IF EXISTS accept_events(uuid, json, timestamptz, text, text);

COMMIT;
