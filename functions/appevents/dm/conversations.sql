-- Conversations of users. Every statement names the user.

-- name: note_start
-- No row: somebody's start has this id. The user's own cannot: the key of its event would be there.
INSERT INTO conversation_starts (start_id, user_id, conversation_id)
VALUES (%(conversation_id)s, %(user_id)s, %(conversation_id)s)
ON CONFLICT (start_id) DO NOTHING
RETURNING start_id

-- name: create
-- No row: these two people have one. Waits for a start of theirs whose transaction is open. The id is
-- free, since every conversation has a start.
INSERT INTO conversations (conversation_id, started_by, pair_first, pair_second)
VALUES (%(conversation_id)s, %(user_id)s, %(first)s, %(second)s)
ON CONFLICT (pair_first, pair_second) DO NOTHING
RETURNING conversation_id

-- name: join_pair
UPDATE conversation_starts s
SET conversation_id = c.conversation_id
FROM conversations c
WHERE c.pair_first = %(first)s AND c.pair_second = %(second)s
  AND s.start_id = %(conversation_id)s AND s.user_id = %(user_id)s
RETURNING c.conversation_id

-- name: add_participants
INSERT INTO participants (conversation_id, user_id)
SELECT %(conversation_id)s, each.user_id
FROM unnest(%(others)s::uuid[] || %(user_id)s::uuid) AS each (user_id)

-- name: find
SELECT p.conversation_id
FROM participants p
WHERE p.user_id = %(user_id)s
  AND p.conversation_id = coalesce(
      (SELECT s.conversation_id FROM conversation_starts s
       WHERE s.start_id = %(conversation_id)s AND s.user_id = %(user_id)s),
      %(conversation_id)s::uuid)

-- name: of_others
-- Every conversation has the start of who began it.
SELECT 1
FROM conversation_starts
WHERE start_id = %(conversation_id)s AND user_id <> %(user_id)s

-- name: list
-- Counting ends at most_unread: a flood of messages must not make the list slow.
SELECT c.conversation_id, c.created_at, c.last_activity_at, c.last_sequence, p.read_up_to,
       (SELECT array_agg(o.user_id::text ORDER BY o.user_id)
        FROM participants o
        WHERE o.conversation_id = c.conversation_id) AS participant_ids,
       (SELECT count(*)
        FROM (SELECT
              FROM messages m
              WHERE m.conversation_id = c.conversation_id AND m.sequence > p.read_up_to
                AND m.user_id <> p.user_id
              LIMIT %(most_unread)s) AS unread) AS unread_count
FROM participants p
JOIN conversations c ON c.conversation_id = p.conversation_id
WHERE p.user_id = %(user_id)s
  AND (%(after_at)s::timestamptz IS NULL
       OR (c.last_activity_at, c.conversation_id)
          < (%(after_at)s::timestamptz, %(after_id)s::uuid))
ORDER BY c.last_activity_at DESC, c.conversation_id DESC
LIMIT %(limit)s + 1
