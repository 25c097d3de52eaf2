-- Comments on posts. The post's row is locked where something changes.

-- name: create
-- No row: a comment or a post has this id. The counts change by what was really inserted.
WITH written AS (
    INSERT INTO comments (comment_id, post_id, parent_id, user_id, body, depth)
    SELECT %(comment_id)s::uuid, %(post_id)s::uuid, %(parent_id)s::uuid, %(user_id)s::uuid, %(body)s,
           %(depth)s
    WHERE NOT EXISTS (SELECT FROM feed_posts WHERE post_id = %(comment_id)s)
    ON CONFLICT (comment_id) DO NOTHING
    RETURNING comment_id, post_id, parent_id, depth, created_at
), post AS (
    UPDATE feed_posts p SET comment_count = p.comment_count + 1
    FROM written WHERE p.post_id = written.post_id
), parent AS (
    UPDATE comments c SET reply_count = c.reply_count + 1
    FROM written WHERE c.comment_id = written.parent_id
)
SELECT comment_id, post_id, parent_id, depth, created_at FROM written

-- name: find
SELECT comment_id, post_id, depth, deleted_at FROM comments WHERE comment_id = %(comment_id)s

-- name: lock_post_of
SELECT p.post_id
FROM feed_posts p
JOIN comments c ON c.post_id = p.post_id
WHERE c.comment_id = %(comment_id)s
FOR NO KEY UPDATE OF p

-- name: find_own
SELECT c.comment_id, c.post_id, c.parent_id, c.depth, c.created_at, c.deleted_at
FROM comments c
JOIN feed_posts p ON p.post_id = c.post_id
WHERE c.comment_id = %(comment_id)s AND p.deleted_at IS NULL
  AND (c.user_id = %(user_id)s OR p.owner_id = %(user_id)s)

-- name: delete
WITH gone AS (
    UPDATE comments c SET deleted_at = clock_timestamp(), body = ''
    WHERE c.comment_id = %(comment_id)s AND c.deleted_at IS NULL
    RETURNING c.post_id
)
UPDATE feed_posts p SET comment_count = p.comment_count - 1 FROM gone WHERE p.post_id = gone.post_id

-- name: unlist
-- No row: it stays listed.
WITH gone AS (
    UPDATE comments c SET is_listed = false
    WHERE c.comment_id = %(comment_id)s AND c.is_listed AND c.deleted_at IS NOT NULL
      AND c.reply_count = 0
    RETURNING c.parent_id
), parent AS (
    UPDATE comments c SET reply_count = c.reply_count - 1 FROM gone WHERE c.comment_id = gone.parent_id
)
SELECT parent_id FROM gone

-- name: list
-- The comments of a post that are no replies, or the replies to one. The page first, then its likes: for many
-- rows the planner would read all likes instead.
WITH page AS MATERIALIZED (
    SELECT c.comment_id, c.parent_id, c.user_id, c.body, c.depth, c.reply_count, c.like_count,
           c.created_at, c.deleted_at
    FROM comments c
    WHERE c.post_id = %(post_id)s AND c.is_listed
      AND (c.parent_id IS NULL) = (%(parent_id)s::uuid IS NULL)
      AND (%(parent_id)s::uuid IS NULL OR c.parent_id = %(parent_id)s)
      AND (%(after_at)s::timestamptz IS NULL
           OR (c.created_at, c.comment_id) > (%(after_at)s::timestamptz, %(after_id)s::uuid))
    ORDER BY c.created_at, c.comment_id
    LIMIT %(limit)s + 1
)
SELECT page.*, l.user_id IS NOT NULL AS liked
FROM page
LEFT JOIN likes l ON l.target_id = page.comment_id AND l.user_id = %(user_id)s
ORDER BY page.created_at, page.comment_id

-- name: first_replies
SELECT reply.*
FROM unnest(%(parents)s::uuid[]) AS parent (comment_id)
CROSS JOIN LATERAL (
    SELECT c.comment_id, c.parent_id, c.user_id, c.body, c.depth, c.reply_count, c.like_count,
           c.created_at, c.deleted_at,
           l.user_id IS NOT NULL AS liked
    FROM comments c
    LEFT JOIN likes l ON l.target_id = c.comment_id AND l.user_id = %(user_id)s
    WHERE c.parent_id = parent.comment_id AND c.is_listed
    ORDER BY c.created_at, c.comment_id
    LIMIT %(most)s) AS reply
ORDER BY reply.created_at, reply.comment_id
