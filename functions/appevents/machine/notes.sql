-- The notes of users for machines. Every statement names the user.

-- name: save
-- No row: somebody's note has this id. The user's own cannot: the key of its event would be there.
INSERT INTO machine_notes (note_id, user_id, machine_id, body)
VALUES (%(note_id)s, %(user_id)s, %(machine_id)s, %(body)s)
ON CONFLICT (note_id) DO NOTHING
RETURNING note_id

-- name: delete
UPDATE machine_notes
SET deleted_at = coalesce(deleted_at, clock_timestamp())
WHERE note_id = %(note_id)s AND user_id = %(user_id)s
RETURNING machine_id

-- name: list
SELECT note_id, body, created_at
FROM machine_notes
WHERE user_id = %(user_id)s AND machine_id = %(machine_id)s AND deleted_at IS NULL
  AND (%(after_at)s::timestamptz IS NULL
       OR (created_at, note_id) > (%(after_at)s::timestamptz, %(after_id)s::uuid))
ORDER BY created_at, note_id
LIMIT %(limit)s + 1
