-- What became of a video. Every statement names the user.

-- name: lock
SELECT status FROM videos
WHERE video_id = %(video_id)s AND user_id = %(user_id)s
FOR NO KEY UPDATE

-- name: know_owner
INSERT INTO feed_owners (owner_id) VALUES (%(user_id)s) ON CONFLICT (owner_id) DO NOTHING

-- name: hold_owner
-- Who changes the visibility waits for this post, and then finds it.
SELECT visibility FROM feed_owners WHERE owner_id = %(user_id)s FOR SHARE

-- name: write_metadata
INSERT INTO media_metadata (video_id, video_key, thumbnail_key, duration_ms, width, height, fps,
                            video_codec, audio_codec, size_bytes)
SELECT video_id, %(video_key)s, %(thumbnail_key)s, %(duration_ms)s, %(width)s, %(height)s, %(fps)s,
       %(video_codec)s, %(audio_codec)s, %(size_bytes)s
FROM videos
WHERE video_id = %(video_id)s AND user_id = %(user_id)s
ON CONFLICT (video_id) DO NOTHING

-- name: write_post
INSERT INTO feed_posts (post_id, owner_id, video_id, title, is_public, video_key, thumbnail_key,
                        duration_ms, width, height)
SELECT %(post_id)s, user_id, video_id, title, %(visibility)s = 'public', %(video_key)s,
       %(thumbnail_key)s, %(duration_ms)s, %(width)s, %(height)s
FROM videos
WHERE video_id = %(video_id)s AND user_id = %(user_id)s
ON CONFLICT DO NOTHING
RETURNING post_id, owner_id, video_id, created_at

-- name: withdraw
-- A post that nobody sees: with it the upkeep removes the files.
UPDATE feed_posts SET deleted_at = clock_timestamp()
WHERE post_id = %(post_id)s AND owner_id = %(user_id)s AND deleted_at IS NULL

-- name: settle
UPDATE videos
SET status = 'processed', settled_at = clock_timestamp(), failure_code = NULL, failure_reason = NULL
WHERE video_id = %(video_id)s AND user_id = %(user_id)s

-- name: fail
UPDATE videos
SET status = 'failed', settled_at = clock_timestamp(), failure_code = %(code)s,
    failure_reason = %(reason)s
WHERE video_id = %(video_id)s AND user_id = %(user_id)s AND status IN ('uploaded', 'processing')
