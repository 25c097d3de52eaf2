-- Removes everything that 003_console.up.sql made, and makes what it has removed.

BEGIN;

CREATE INDEX IF NOT EXISTS events_by_age ON events USING brin (received_at);
DROP INDEX IF EXISTS dead_letters_of_event;
DROP INDEX IF EXISTS events_rejected;
DROP INDEX IF EXISTS events_by_id;
DROP INDEX IF EXISTS events_by_time;

COMMIT;
