-- additive
-- A user can be erased.

BEGIN;

GRANT DELETE ON programs, workouts, workout_sessions, reminders TO program_db_app;

COMMIT;
