-- Erases a user: messages lose their text. Who takes part in what stays, by ids alone. Every statement names the user.

-- name: messages
-- Their places stay, because the others' conversations go on. A body has at least one character.
UPDATE messages m SET body = '[erased]'
FROM participants p
WHERE p.user_id = %(user_id)s AND m.conversation_id = p.conversation_id
  AND m.user_id = %(user_id)s AND m.body <> '[erased]'
