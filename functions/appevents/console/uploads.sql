-- Lists and counts uploads, as listing.sql does events. The operators' own: the uploads of all users.

-- name: page
SELECT page.video_id AS id, page.user_id AS own_id, page.created_at, page.state,
       page.failure_code AS reason,
       CASE WHEN page.state IN ('processed', 'uploaded', 'processing')
            THEN (extract(epoch FROM coalesce(page.settled_at, clock_timestamp()) - page.uploaded_at)
                  * 1000)::bigint END AS lag_ms,
       page.is_cut, page.matches
FROM (
    SELECT v.*, v.nth = %(most)s AS is_cut, f.matches
    FROM (
        SELECT each.*, CASE each.status WHEN 'awaiting_upload' THEN 'presigned' ELSE each.status END AS state,
               row_number() OVER in_order AS nth
        FROM (
            (SELECT v.* FROM videos v
             WHERE %(all)s
               AND (v.created_at, v.video_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (v.created_at, v.video_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN v.created_at END,
                      CASE WHEN %(oldest)s THEN v.video_id END,
                      CASE WHEN NOT %(oldest)s THEN v.created_at END DESC,
                      CASE WHEN NOT %(oldest)s THEN v.video_id END DESC
             LIMIT %(most)s)
            UNION ALL
            (SELECT v.* FROM videos v
             WHERE %(unsettled)s AND v.settled_at IS NULL
               AND (v.created_at, v.video_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (v.created_at, v.video_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN v.created_at END,
                      CASE WHEN %(oldest)s THEN v.video_id END,
                      CASE WHEN NOT %(oldest)s THEN v.created_at END DESC,
                      CASE WHEN NOT %(oldest)s THEN v.video_id END DESC
             LIMIT %(most)s)
            UNION ALL
            (SELECT v.* FROM videos v
             WHERE %(rejected)s AND v.status = 'failed'
               AND (v.created_at, v.video_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (v.created_at, v.video_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN v.created_at END,
                      CASE WHEN %(oldest)s THEN v.video_id END,
                      CASE WHEN NOT %(oldest)s THEN v.created_at END DESC,
                      CASE WHEN NOT %(oldest)s THEN v.video_id END DESC
             LIMIT %(most)s)
            UNION ALL
            (SELECT v.* FROM videos v
             WHERE %(of_one)s AND v.user_id = %(own_id)s::uuid
               AND (v.created_at, v.video_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (v.created_at, v.video_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN v.created_at END,
                      CASE WHEN %(oldest)s THEN v.video_id END,
                      CASE WHEN NOT %(oldest)s THEN v.created_at END DESC,
                      CASE WHEN NOT %(oldest)s THEN v.video_id END DESC
             LIMIT %(most)s)
            UNION ALL
            (SELECT v.* FROM videos v
             WHERE %(of_one)s AND v.video_id = %(own_id)s::uuid AND v.user_id <> v.video_id
               AND (v.created_at, v.video_id) > (%(low_at)s, %(low_id)s::uuid)
               AND (v.created_at, v.video_id) < (%(high_at)s, %(high_id)s::uuid)
             ORDER BY CASE WHEN %(oldest)s THEN v.created_at END,
                      CASE WHEN %(oldest)s THEN v.video_id END,
                      CASE WHEN NOT %(oldest)s THEN v.created_at END DESC,
                      CASE WHEN NOT %(oldest)s THEN v.video_id END DESC
             LIMIT %(most)s)
        ) each
        WINDOW in_order AS (ORDER BY CASE WHEN %(oldest)s THEN each.created_at END,
                                     CASE WHEN %(oldest)s THEN each.video_id END,
                                     CASE WHEN NOT %(oldest)s THEN each.created_at END DESC,
                                     CASE WHEN NOT %(oldest)s THEN each.video_id END DESC)
        ORDER BY CASE WHEN %(oldest)s THEN each.created_at END,
                 CASE WHEN %(oldest)s THEN each.video_id END,
                 CASE WHEN NOT %(oldest)s THEN each.created_at END DESC,
                 CASE WHEN NOT %(oldest)s THEN each.video_id END DESC
        LIMIT %(most)s
    ) v
    CROSS JOIN LATERAL (
        SELECT (%(states)s::text[] IS NULL OR v.state = ANY (%(states)s))
               AND (%(reason)s::text IS NULL OR coalesce(v.failure_code, '') ILIKE %(reason)s)
               AS matches) f
    WHERE f.matches OR v.nth = %(most)s
    ORDER BY CASE WHEN %(oldest)s THEN v.created_at END,
             CASE WHEN %(oldest)s THEN v.video_id END,
             CASE WHEN NOT %(oldest)s THEN v.created_at END DESC,
             CASE WHEN NOT %(oldest)s THEN v.video_id END DESC
    LIMIT %(limit)s + 1
) page
ORDER BY CASE WHEN %(oldest)s THEN page.created_at END,
         CASE WHEN %(oldest)s THEN page.video_id END,
         CASE WHEN NOT %(oldest)s THEN page.created_at END DESC,
         CASE WHEN NOT %(oldest)s THEN page.video_id END DESC

-- name: total
SELECT count(*) FILTER (WHERE looked_at.matches) AS total, count(*) AS seen
FROM (
    SELECT (%(states)s::text[] IS NULL
            OR CASE v.status WHEN 'awaiting_upload' THEN 'presigned' ELSE v.status END = ANY (%(states)s))
           AND (%(reason)s::text IS NULL OR coalesce(v.failure_code, '') ILIKE %(reason)s)
           AS matches
    FROM (
        (SELECT v.* FROM videos v
         WHERE %(all)s
           AND (v.created_at, v.video_id) > (%(low_at)s, %(low_id)s::uuid)
           AND (v.created_at, v.video_id) < (%(high_at)s, %(high_id)s::uuid)
         ORDER BY v.created_at DESC
         LIMIT %(most)s + 1)
        UNION ALL
        (SELECT v.* FROM videos v
         WHERE %(unsettled)s AND v.settled_at IS NULL
           AND (v.created_at, v.video_id) > (%(low_at)s, %(low_id)s::uuid)
           AND (v.created_at, v.video_id) < (%(high_at)s, %(high_id)s::uuid)
         ORDER BY v.created_at DESC
         LIMIT %(most)s + 1)
        UNION ALL
        (SELECT v.* FROM videos v
         WHERE %(rejected)s AND v.status = 'failed'
           AND (v.created_at, v.video_id) > (%(low_at)s, %(low_id)s::uuid)
           AND (v.created_at, v.video_id) < (%(high_at)s, %(high_id)s::uuid)
         ORDER BY v.created_at DESC
         LIMIT %(most)s + 1)
        UNION ALL
        (SELECT v.* FROM videos v
         WHERE %(of_one)s AND v.user_id = %(own_id)s::uuid
           AND (v.created_at, v.video_id) > (%(low_at)s, %(low_id)s::uuid)
           AND (v.created_at, v.video_id) < (%(high_at)s, %(high_id)s::uuid)
         ORDER BY v.created_at DESC
         LIMIT %(most)s + 1)
        UNION ALL
        (SELECT v.* FROM videos v
         WHERE %(of_one)s AND v.video_id = %(own_id)s::uuid AND v.user_id <> v.video_id
           AND (v.created_at, v.video_id) > (%(low_at)s, %(low_id)s::uuid)
           AND (v.created_at, v.video_id) < (%(high_at)s, %(high_id)s::uuid)
         ORDER BY v.created_at DESC
         LIMIT %(most)s + 1)
    ) v
) looked_at

-- name: one
-- Of what its user has named nothing.
SELECT v.video_id AS id, v.user_id AS own_id, v.created_at,
       CASE v.status WHEN 'awaiting_upload' THEN 'presigned' ELSE v.status END AS state,
       v.failure_code AS reason, v.failure_reason, v.content_type, v.size_bytes, v.expires_at,
       v.uploaded_at, v.settled_at,
       CASE WHEN v.status IN ('processed', 'uploaded', 'processing')
            THEN (extract(epoch FROM coalesce(v.settled_at, clock_timestamp()) - v.uploaded_at)
                  * 1000)::bigint END AS lag_ms,
       m.duration_ms, m.width, m.height, m.video_codec, m.size_bytes AS made_bytes, p.post_id,
       p.deleted_at AS post_deleted_at, clock_timestamp() AS now
FROM videos v
LEFT JOIN media_metadata m ON m.video_id = v.video_id
LEFT JOIN feed_posts p ON p.video_id = v.video_id
WHERE v.video_id = %(id)s AND (%(user_id)s::uuid IS NULL OR v.user_id = %(user_id)s)

-- name: is_user
-- Whether this user has uploads.
SELECT FROM videos WHERE user_id = %(user_id)s LIMIT 1

-- name: failures
SELECT failure_code AS reason, count(*) AS events, min(created_at) AS first_at, max(created_at) AS last_at,
       'upload-' || (array_agg(video_id ORDER BY created_at DESC))[1] AS sample_event_id,
       sum(count(*)) OVER () >= %(most)s AS is_cut
FROM (SELECT video_id, failure_code, created_at
      FROM videos
      WHERE status = 'failed' AND created_at >= %(since)s
      ORDER BY created_at DESC
      LIMIT %(most)s) newest
GROUP BY failure_code
