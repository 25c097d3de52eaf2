-- Removes everything that 004_console.up.sql made.

BEGIN;

DROP INDEX IF EXISTS videos_failed;
DROP INDEX IF EXISTS videos_unsettled;
DROP INDEX IF EXISTS videos_by_time;

COMMIT;
