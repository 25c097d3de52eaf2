-- Posts. Deleted ones are in no feed. A like is joined, not looked for with EXISTS: the planner would read
-- all of a user's likes for a page.

-- name: delete
UPDATE feed_posts
SET deleted_at = coalesce(deleted_at, clock_timestamp())
WHERE post_id = %(post_id)s AND owner_id = %(user_id)s

-- name: list_public
SELECT p.post_id, p.owner_id, p.title, p.created_at, p.like_count, p.comment_count,
       l.user_id IS NOT NULL AS liked,
       p.duration_ms, p.width, p.height, p.video_key, p.thumbnail_key
FROM feed_posts p
LEFT JOIN likes l ON l.target_id = p.post_id AND l.user_id = %(user_id)s
WHERE p.is_public AND p.deleted_at IS NULL
  AND (%(after_at)s::timestamptz IS NULL
       OR (p.created_at, p.post_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid))
ORDER BY p.created_at DESC, p.post_id DESC
LIMIT %(limit)s + 1

-- name: list_of_owner
SELECT p.post_id, p.owner_id, p.title, p.created_at, p.like_count, p.comment_count,
       l.user_id IS NOT NULL AS liked,
       p.duration_ms, p.width, p.height, p.video_key, p.thumbnail_key
FROM feed_posts p
LEFT JOIN likes l ON l.target_id = p.post_id AND l.user_id = %(user_id)s
WHERE p.owner_id = %(owner_id)s AND p.deleted_at IS NULL
  AND (%(after_at)s::timestamptz IS NULL
       OR (p.created_at, p.post_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid))
ORDER BY p.created_at DESC, p.post_id DESC
LIMIT %(limit)s + 1

-- name: find
SELECT p.post_id, p.owner_id, p.title, p.created_at, p.like_count, p.comment_count,
       l.user_id IS NOT NULL AS liked,
       p.duration_ms, p.width, p.height, p.video_key, p.thumbnail_key
FROM feed_posts p
LEFT JOIN likes l ON l.target_id = p.post_id AND l.user_id = %(user_id)s
WHERE p.post_id = %(post_id)s AND p.deleted_at IS NULL
