-- The programs of users. Every statement names the user.

-- name: create
-- No row: somebody's program has this id. The user's own cannot: the key of its event would be there.
INSERT INTO programs (program_id, user_id, name, description, weeks)
VALUES (%(program_id)s, %(user_id)s, %(name)s, %(description)s, %(weeks)s)
ON CONFLICT (program_id) DO NOTHING
RETURNING version

-- name: lock
SELECT program_id, name, description, weeks, version, told, archived_at
FROM programs
WHERE program_id = %(program_id)s AND user_id = %(user_id)s
FOR NO KEY UPDATE

-- name: of_another
SELECT 1
FROM programs
WHERE program_id = %(program_id)s AND user_id <> %(user_id)s

-- name: update
UPDATE programs
SET name = %(name)s, description = %(description)s, weeks = %(weeks)s, version = %(version)s,
    told = %(told)s::json, updated_at = clock_timestamp()
WHERE program_id = %(program_id)s AND user_id = %(user_id)s

-- name: archive
UPDATE programs
SET archived_at = coalesce(archived_at, clock_timestamp()), told = %(told)s::json
WHERE program_id = %(program_id)s AND user_id = %(user_id)s

-- name: find
SELECT program_id, name, description, weeks, version, created_at, updated_at, archived_at
FROM programs
WHERE program_id = %(program_id)s AND user_id = %(user_id)s

-- name: list
SELECT program_id, name, description, weeks, version, created_at, updated_at, archived_at
FROM programs
WHERE user_id = %(user_id)s AND (archived_at IS NOT NULL) = %(archived)s
  AND (%(after_at)s::timestamptz IS NULL
       OR (created_at, program_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid))
ORDER BY created_at DESC, program_id DESC
LIMIT %(limit)s + 1
