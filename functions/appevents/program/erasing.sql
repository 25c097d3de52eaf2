-- Erases a user: programs, workouts, sessions and reminders go. Every statement names the user.

-- name: reminders
DELETE FROM reminders WHERE user_id = %(user_id)s

-- name: sessions
DELETE FROM workout_sessions s USING programs p
WHERE s.program_id = p.program_id AND p.user_id = %(user_id)s

-- name: workouts
DELETE FROM workouts w USING programs p
WHERE w.program_id = p.program_id AND p.user_id = %(user_id)s

-- name: programs
DELETE FROM programs WHERE user_id = %(user_id)s
