-- Users' own videos. Every statement names the user.

-- name: find
SELECT v.video_id, v.title, v.filename, v.content_type, v.size_bytes, v.status, v.created_at,
       v.expires_at, v.failure_code, v.failure_reason, p.post_id, m.video_key, m.thumbnail_key,
       m.duration_ms, m.width, m.height, m.fps, m.video_codec, m.audio_codec,
       m.size_bytes AS made_bytes
FROM videos v
LEFT JOIN media_metadata m ON m.video_id = v.video_id
LEFT JOIN feed_posts p ON p.video_id = v.video_id AND p.deleted_at IS NULL
WHERE v.video_id = %(video_id)s AND v.user_id = %(user_id)s

-- name: list
SELECT v.video_id, v.title, v.filename, v.content_type, v.size_bytes, v.status, v.created_at,
       v.expires_at, v.failure_code, v.failure_reason, p.post_id, m.video_key, m.thumbnail_key,
       m.duration_ms, m.width, m.height, m.fps, m.video_codec, m.audio_codec,
       m.size_bytes AS made_bytes
FROM videos v
LEFT JOIN media_metadata m ON m.video_id = v.video_id
LEFT JOIN feed_posts p ON p.video_id = v.video_id AND p.deleted_at IS NULL
WHERE v.user_id = %(user_id)s
  AND (%(status)s::text IS NULL OR v.status = %(status)s)
  AND (%(after_at)s::timestamptz IS NULL
       OR (v.created_at, v.video_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid))
ORDER BY v.created_at DESC, v.video_id DESC
LIMIT %(limit)s + 1
