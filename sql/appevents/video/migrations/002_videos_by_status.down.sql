-- Removes everything that 002_videos_by_status.up.sql made.

BEGIN;

DROP INDEX IF EXISTS videos_by_status;

COMMIT;
