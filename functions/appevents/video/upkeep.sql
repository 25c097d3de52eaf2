-- What time does to videos, whoever's they are.

-- name: expire
UPDATE videos
SET status = 'expired', settled_at = clock_timestamp()
WHERE status = 'awaiting_upload' AND expires_at <= clock_timestamp()

-- name: give_up
-- Nothing was heard of these for so long that their message is dead or lost. Rows that somebody settles now are
-- left out.
UPDATE videos v
SET status = 'failed', settled_at = clock_timestamp(), failure_code = %(code)s,
    failure_reason = %(reason)s
FROM (SELECT video_id
      FROM videos
      WHERE status IN ('uploaded', 'processing')
        AND uploaded_at <= clock_timestamp() - make_interval(hours => %(hours)s)
      ORDER BY uploaded_at
      LIMIT %(batch)s
      FOR UPDATE SKIP LOCKED) AS old
WHERE v.video_id = old.video_id
RETURNING v.video_id, v.user_id

-- name: removable
-- No URL for an upload is good for longer than the upload, so nothing comes after what is removed. An upload of a
-- user who was erased may have expired before its time.
SELECT video_id, user_id, upload_id
FROM videos
WHERE original_removed_at IS NULL AND settled_at IS NOT NULL
  AND (status = 'expired' AND expires_at <= clock_timestamp()
       OR settled_at <= clock_timestamp() - make_interval(days => %(days)s))
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
