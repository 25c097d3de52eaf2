-- The workouts of users' programs. Every statement names the user.

-- name: count
SELECT count(*) AS count
FROM workouts
WHERE program_id = %(program_id)s AND user_id = %(user_id)s AND deleted_at IS NULL

-- name: create
-- No row: somebody's workout has this id. The user's own cannot: the key of its event would be there.
INSERT INTO workouts (workout_id, program_id, user_id, name, position, planned_at, remind_at,
                      remind_event, exercises)
VALUES (%(workout_id)s, %(program_id)s, %(user_id)s, %(name)s, %(position)s, %(planned_at)s,
        %(remind_at)s, %(remind_event)s, %(exercises)s::json)
ON CONFLICT (workout_id) DO NOTHING
RETURNING workout_id

-- name: find
SELECT workout_id, program_id
FROM workouts
WHERE workout_id = %(workout_id)s AND user_id = %(user_id)s

-- name: lock
SELECT workout_id, program_id, name, position, planned_at, remind_at, remind_event, exercises, told,
       deleted_at
FROM workouts
WHERE workout_id = %(workout_id)s AND user_id = %(user_id)s
FOR NO KEY UPDATE

-- name: of_another
SELECT 1
FROM workouts
WHERE workout_id = %(workout_id)s AND user_id <> %(user_id)s

-- name: update
UPDATE workouts
SET name = %(name)s, position = %(position)s, planned_at = %(planned_at)s, remind_at = %(remind_at)s,
    remind_event = %(remind_event)s, exercises = %(exercises)s::json, told = %(told)s::json,
    updated_at = clock_timestamp()
WHERE workout_id = %(workout_id)s AND user_id = %(user_id)s

-- name: delete
UPDATE workouts
SET deleted_at = coalesce(deleted_at, clock_timestamp()), told = %(told)s::json
WHERE workout_id = %(workout_id)s AND user_id = %(user_id)s

-- name: list
SELECT workout_id, name, position, planned_at, remind_at, exercises, created_at, updated_at
FROM workouts
WHERE program_id = %(program_id)s AND user_id = %(user_id)s AND deleted_at IS NULL
  AND (%(after_number)s::integer IS NULL
       OR (position, workout_id) > (%(after_number)s::integer, %(after_id)s::uuid))
ORDER BY position, workout_id
LIMIT %(limit)s + 1
