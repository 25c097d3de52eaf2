-- Removes everything that 002_tries_of_viewers.up.sql made.

BEGIN;

DROP TABLE IF EXISTS viewer_access_attempts;

COMMIT;
