-- Uploads of users' videos. Every statement names the user.

-- name: request
INSERT INTO videos (video_id, user_id, filename, content_type, size_bytes, title, expires_at)
VALUES (%(video_id)s, %(user_id)s, %(filename)s, %(content_type)s, %(size_bytes)s, %(title)s,
        clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (video_id) DO NOTHING

-- name: find
SELECT video_id, user_id, filename, content_type, size_bytes, title, status, upload_id, etag,
       created_at, expires_at
FROM videos
WHERE video_id = %(video_id)s AND user_id = %(user_id)s

-- name: begin_parts
UPDATE videos SET upload_id = %(upload_id)s
WHERE video_id = %(video_id)s AND user_id = %(user_id)s AND upload_id IS NULL

-- name: forget_parts
UPDATE videos SET upload_id = NULL
WHERE video_id = %(video_id)s AND user_id = %(user_id)s AND upload_id = %(lost)s
  AND status = 'awaiting_upload'

-- name: count_under_way
SELECT count(*) AS count
FROM videos
WHERE user_id = %(user_id)s AND status IN ('uploaded', 'processing')

-- name: complete
-- No row: it is complete already, or its time is over.
UPDATE videos SET status = 'uploaded', etag = %(etag)s, uploaded_at = clock_timestamp()
WHERE video_id = %(video_id)s AND user_id = %(user_id)s AND status = 'awaiting_upload'
RETURNING video_id
