-- Reminders of users' workouts.

-- name: take_due
-- A workout that another run has locked is that run's. After its commit the row is read again, and is not
-- due any more. One of an archived program is done with, too, so that no later run looks at it.
WITH due AS (
    SELECT w.workout_id, p.archived_at IS NOT NULL AS is_archived
    FROM workouts w
    JOIN programs p ON p.program_id = w.program_id
    WHERE w.remind_at <= statement_timestamp() AND w.remind_at IS DISTINCT FROM w.reminded_at
      AND w.deleted_at IS NULL
    ORDER BY w.remind_at
    LIMIT %(batch)s
    FOR NO KEY UPDATE OF w SKIP LOCKED
)
UPDATE workouts w
SET reminded_at = w.remind_at
FROM due
WHERE w.workout_id = due.workout_id
RETURNING w.workout_id, w.program_id, w.user_id, w.name, w.planned_at, w.remind_at, w.remind_event,
          due.is_archived

-- name: write
INSERT INTO reminders (reminder_id, workout_id, program_id, user_id, name, planned_at, remind_at)
VALUES (%(reminder_id)s, %(workout_id)s, %(program_id)s, %(user_id)s, %(name)s, %(planned_at)s,
        %(remind_at)s)
ON CONFLICT (workout_id, remind_at) DO NOTHING
RETURNING reminder_id

-- name: list
SELECT reminder_id, workout_id, program_id, name, planned_at, remind_at, created_at
FROM reminders
WHERE user_id = %(user_id)s
  AND (%(after_at)s::timestamptz IS NULL
       OR (created_at, reminder_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid))
ORDER BY created_at DESC, reminder_id DESC
LIMIT %(limit)s + 1
