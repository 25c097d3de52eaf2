-- What users did of their workouts. Every statement names the user.

-- name: log
-- No row: somebody's session has this id. The user's own cannot: the key of its event would be there.
INSERT INTO workout_sessions (session_id, workout_id, program_id, user_id, started_at, ended_at, entries,
                              notes)
VALUES (%(session_id)s, %(workout_id)s, %(program_id)s, %(user_id)s, %(started_at)s, %(ended_at)s,
        %(entries)s::json, %(notes)s)
ON CONFLICT (session_id) DO NOTHING
RETURNING session_id

-- name: list
SELECT session_id, workout_id, started_at, ended_at, entries, notes, created_at
FROM workout_sessions
WHERE program_id = %(program_id)s AND user_id = %(user_id)s
  AND (%(after_at)s::timestamptz IS NULL
       OR (created_at, session_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid))
ORDER BY created_at DESC, session_id DESC
LIMIT %(limit)s + 1
