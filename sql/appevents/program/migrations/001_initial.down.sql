-- Removes everything that 001_initial.up.sql made.

BEGIN;

DROP TABLE IF EXISTS outbox;
DROP TABLE IF EXISTS inbox_attempts;
DROP TABLE IF EXISTS idempotency_keys;
DROP TABLE IF EXISTS reminders;
DROP TABLE IF EXISTS workout_sessions;
DROP TABLE IF EXISTS workouts;
DROP TABLE IF EXISTS programs;

COMMIT;
