-- The preferences of users for machines. Every statement names the user.

-- name: submit
-- Sorted by name, so that two events of a user do not wait for each other in a circle. Without a sequence
-- on both sides the client's time decides.
INSERT INTO equipment_prefs AS kept (user_id, machine_id, name, value, sequence, told_at)
SELECT %(user_id)s, %(machine_id)s, told.key, told.value, %(sequence)s, %(told_at)s
FROM json_each(%(prefs)s::json) AS told
ORDER BY told.key
ON CONFLICT (user_id, machine_id, name) DO UPDATE
    SET value = excluded.value, sequence = excluded.sequence, told_at = excluded.told_at
    WHERE CASE WHEN kept.sequence IS NOT NULL AND excluded.sequence IS NOT NULL
               THEN kept.sequence < excluded.sequence
               ELSE kept.told_at < excluded.told_at END

-- name: read
SELECT name, value
FROM equipment_prefs
WHERE user_id = %(user_id)s AND machine_id = %(machine_id)s
ORDER BY name
