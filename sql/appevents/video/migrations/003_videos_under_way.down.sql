-- Removes everything that 003_videos_under_way.up.sql made.

BEGIN;

DROP INDEX IF EXISTS videos_under_way;

COMMIT;
