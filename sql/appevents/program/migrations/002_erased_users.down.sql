-- Removes everything that 002_erased_users.up.sql made.

BEGIN;

REVOKE DELETE ON programs, workouts, workout_sessions, reminders FROM program_db_app;

COMMIT;
