-- Finds a dead letter by its id. The operators' own.

-- name: letter
SELECT dead_letter_id AS id, service, error_code, user_id, client_generated_id
FROM dead_letters
WHERE dead_letter_id = %(id)s::uuid
