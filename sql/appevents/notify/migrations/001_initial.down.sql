-- Removes everything that 001_initial.up.sql made.

BEGIN;

DROP TABLE IF EXISTS outbox;
DROP TABLE IF EXISTS inbox_attempts;
DROP TABLE IF EXISTS idempotency_keys;
DROP TABLE IF EXISTS schedule_runs;
DROP TABLE IF EXISTS dead_letters;
DROP TABLE IF EXISTS events;
DROP TABLE IF EXISTS user_sequences;

COMMIT;
