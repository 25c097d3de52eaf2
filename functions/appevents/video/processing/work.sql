-- What the worker asks of a video.

-- name: find_key
-- A row: what became of the event is told already.
SELECT outcome FROM idempotency_keys
WHERE user_id = %(user_id)s AND client_generated_id = %(id)s AND outcome = 'processed'

-- name: take
-- The connection's lock on a video: who holds it is alive and at work. It goes with the connection.
SELECT pg_try_advisory_lock(hashtextextended('processing ' || %(video_id)s::uuid, 0)) AS taken

-- name: let_go
SELECT pg_advisory_unlock(hashtextextended('processing ' || %(video_id)s::uuid, 0))

-- name: begin
-- Also one that the upkeep gave up, whose message has come after all.
UPDATE videos
SET status = 'processing', settled_at = NULL, failure_code = NULL, failure_reason = NULL
WHERE video_id = %(video_id)s AND user_id = %(user_id)s AND etag = %(etag)s
  AND (status IN ('uploaded', 'processing') OR failure_code = 'gave_up')
