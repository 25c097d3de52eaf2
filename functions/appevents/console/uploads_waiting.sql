-- What waits now and what has failed, in the database of videos. The operators' own: the uploads of all users.

-- name: under_way
SELECT count(*) AS in_queue, min(uploaded_at) AS oldest_in_queue_at
FROM (SELECT uploaded_at
      FROM videos
      WHERE status IN ('uploaded', 'processing')
      ORDER BY uploaded_at
      LIMIT %(most)s) oldest

-- name: failed
-- Those of a day.
SELECT count(*) AS rejected
FROM (SELECT
      FROM videos
      WHERE status = 'failed' AND created_at >= clock_timestamp() - interval '24 hours'
      LIMIT %(most)s) newest

-- name: processed
-- By the minute, of videos whose original is still there: it stays for a week.
SELECT date_trunc('minute', settled_at) AS minute, count(*) AS events
FROM (SELECT status, settled_at
      FROM videos
      WHERE settled_at IS NOT NULL AND original_removed_at IS NULL
        AND settled_at >= %(begin_at)s
      ORDER BY settled_at DESC
      LIMIT %(most)s) newest
WHERE status = 'processed'
GROUP BY 1

-- name: lag
SELECT (percentile_cont(0.95) WITHIN GROUP (
            ORDER BY extract(epoch FROM settled_at - uploaded_at)) * 1000)::bigint AS lag_p95_ms
FROM (SELECT uploaded_at, settled_at
      FROM videos
      WHERE settled_at IS NOT NULL AND original_removed_at IS NULL
        AND settled_at >= %(at)s::timestamptz - interval '15 minutes'
      ORDER BY settled_at DESC
      LIMIT %(most)s) newest
WHERE uploaded_at IS NOT NULL
