-- What time does to videos, whoever's they are.

-- name: expire
UPDATE videos
SET status = 'expired', settled_at = clock_timestamp()
WHERE status = 'awaiting_upload' AND expires_at <= clock_timestamp()

-- name: removable
-- No URL for an upload is good for longer than the upload, so nothing comes after what is removed.
SELECT video_id, user_id, upload_id
FROM videos
WHERE original_removed_at IS NULL AND settled_at IS NOT NULL
  AND (status = 'expired' OR settled_at <= clock_timestamp() - make_interval(days => %(days)s))
ORDER BY settled_at
LIMIT %(batch)s

-- name: removed
UPDATE videos SET original_removed_at = clock_timestamp()
WHERE video_id = %(video_id)s AND user_id = %(user_id)s

-- name: deleted_posts
SELECT post_id, owner_id AS user_id, video_id, video_key, thumbnail_key
FROM feed_posts
WHERE deleted_at IS NOT NULL AND media_removed_at IS NULL
ORDER BY deleted_at
LIMIT %(batch)s

-- name: media_removed
UPDATE feed_posts SET media_removed_at = clock_timestamp()
WHERE post_id = %(post_id)s AND owner_id = %(user_id)s

-- name: forget_grants
DELETE FROM feed_grants WHERE expires_at <= clock_timestamp()
