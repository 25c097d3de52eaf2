-- What users say of themselves, a row each. Every statement names the user.

-- name: submit
-- Locks the user's row, so writers at once wait for each other and each sees what the other wrote. A field
-- is replaced by a later one only; of two at the same time the later sequence counts.
INSERT INTO user_settings AS kept (user_id, fields)
VALUES (%(user_id)s, %(fields)s::jsonb)
ON CONFLICT (user_id) DO UPDATE
    SET changed_at = clock_timestamp(), fields = kept.fields || (
        SELECT coalesce(jsonb_object_agg(told.key, told.value), '{}')
        FROM jsonb_each(excluded.fields) AS told
        WHERE NOT kept.fields ? told.key
           OR ((kept.fields -> told.key ->> 'effective_at')::timestamptz,
               coalesce((kept.fields -> told.key ->> 'sequence')::bigint, 0))
              < ((told.value ->> 'effective_at')::timestamptz,
                 coalesce((told.value ->> 'sequence')::bigint, 0)))
RETURNING fields

-- name: read
SELECT fields FROM user_settings WHERE user_id = %(user_id)s
