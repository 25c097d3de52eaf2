-- Erases a user from videos and feeds. Every statement names the user. Files go with the upkeep.

-- name: videos
-- An upload that is under way expires. Its original may be written until the last URL for it has ended.
UPDATE videos
SET filename = 'erased', title = NULL,
    status = CASE WHEN status = 'processed' THEN status ELSE 'expired' END,
    settled_at = coalesce(settled_at, clock_timestamp()), failure_code = NULL, failure_reason = NULL,
    expires_at = CASE WHEN status = 'awaiting_upload'
                      THEN least(expires_at, clock_timestamp() + make_interval(secs => %(url_seconds)s))
                      ELSE expires_at END
WHERE user_id = %(user_id)s AND filename <> 'erased'

-- name: posts
UPDATE feed_posts
SET title = NULL, deleted_at = coalesce(deleted_at, clock_timestamp())
WHERE owner_id = %(user_id)s AND (title IS NOT NULL OR deleted_at IS NULL)

-- name: own_comments
-- In the order of their posts, which are locked one after the other.
SELECT comment_id FROM comments
WHERE user_id = %(user_id)s AND deleted_at IS NULL
ORDER BY post_id, comment_id

-- name: lock_liked_posts
SELECT p.post_id FROM feed_posts p
JOIN likes l ON l.target_id = p.post_id AND l.target_type = 'post'
WHERE l.user_id = %(user_id)s
ORDER BY p.post_id
FOR NO KEY UPDATE OF p

-- name: unlike_posts
WITH gone AS (
    DELETE FROM likes WHERE user_id = %(user_id)s AND target_type = 'post' RETURNING target_id
)
UPDATE feed_posts p SET like_count = p.like_count - 1 FROM gone WHERE p.post_id = gone.target_id

-- name: lock_liked_comments
SELECT c.comment_id FROM comments c
JOIN likes l ON l.target_id = c.comment_id AND l.target_type = 'comment'
WHERE l.user_id = %(user_id)s
ORDER BY c.comment_id
FOR NO KEY UPDATE OF c

-- name: unlike_comments
WITH gone AS (
    DELETE FROM likes WHERE user_id = %(user_id)s AND target_type = 'comment' RETURNING target_id
)
UPDATE comments c SET like_count = c.like_count - 1 FROM gone WHERE c.comment_id = gone.target_id

-- name: unlikes
DELETE FROM unlikes WHERE user_id = %(user_id)s

-- name: grants
DELETE FROM feed_grants WHERE owner_id = %(user_id)s OR viewer_id = %(user_id)s
