-- Erases a user: notes and preferences go. Every statement names the user.

-- name: notes
DELETE FROM machine_notes WHERE user_id = %(user_id)s

-- name: prefs
DELETE FROM equipment_prefs WHERE user_id = %(user_id)s
