-- Removes everything that 004_rejected_by_type.up.sql made.

BEGIN;

DROP INDEX IF EXISTS events_rejected_of_type;

COMMIT;
