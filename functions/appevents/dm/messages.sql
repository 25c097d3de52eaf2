-- Messages of conversations. Every statement names a user who takes part. Who starts a conversation that
-- the two have already knows it by the id of that start, too.

-- name: take_place
UPDATE conversations c
SET last_sequence = c.last_sequence + 1,
    last_activity_at = greatest(c.last_activity_at, clock_timestamp())
FROM participants p
WHERE p.user_id = %(user_id)s AND c.conversation_id = p.conversation_id
  AND p.conversation_id = coalesce(
      (SELECT s.conversation_id FROM conversation_starts s
       WHERE s.start_id = %(conversation_id)s AND s.user_id = %(user_id)s),
      %(conversation_id)s::uuid)
RETURNING c.conversation_id, c.last_sequence AS sequence

-- name: write
-- No row: somebody's message has this id. The user's own cannot: the key of its event would be there.
INSERT INTO messages (message_id, conversation_id, user_id, sequence, body, sent_at)
VALUES (%(message_id)s, %(conversation_id)s, %(user_id)s, %(sequence)s, %(body)s, %(sent_at)s)
ON CONFLICT (message_id) DO NOTHING
RETURNING message_id

-- name: mark_read
UPDATE participants p
SET read_up_to = greatest(p.read_up_to, least(%(up_to)s, c.last_sequence))
FROM conversations c
WHERE p.user_id = %(user_id)s AND c.conversation_id = p.conversation_id
  AND p.conversation_id = coalesce(
      (SELECT s.conversation_id FROM conversation_starts s
       WHERE s.start_id = %(conversation_id)s AND s.user_id = %(user_id)s),
      %(conversation_id)s::uuid)
RETURNING p.conversation_id, p.read_up_to,
          (SELECT m.message_id FROM messages m
           WHERE m.conversation_id = p.conversation_id AND m.sequence = p.read_up_to) AS message_id

-- name: newer
SELECT m.message_id, m.user_id AS sender_id, m.sequence, m.body, m.sent_at, m.created_at
FROM messages m
JOIN participants p ON p.conversation_id = m.conversation_id AND p.user_id = %(user_id)s
WHERE m.conversation_id = %(conversation_id)s AND m.sequence > %(after_sequence)s
ORDER BY m.sequence
LIMIT %(limit)s + 1

-- name: older
SELECT m.message_id, m.user_id AS sender_id, m.sequence, m.body, m.sent_at, m.created_at
FROM messages m
JOIN participants p ON p.conversation_id = m.conversation_id AND p.user_id = %(user_id)s
WHERE m.conversation_id = %(conversation_id)s
  AND (%(before_sequence)s::bigint IS NULL OR m.sequence < %(before_sequence)s::bigint)
ORDER BY m.sequence DESC
LIMIT %(limit)s + 1
