-- Likes of posts and comments. The target's row is locked where something changes. Without a sequence on
-- both sides the client's time decides what is later. A comment may have the id of a post, because clients make
-- the ids. So a like counts for its own type only.

-- name: find_comment
SELECT post_id FROM comments WHERE comment_id = %(comment_id)s

-- name: lock_comment
SELECT comment_id FROM comments
WHERE comment_id = %(comment_id)s AND deleted_at IS NULL
FOR NO KEY UPDATE

-- name: like
-- step is 1 if the user did not like it before. No row: the user took it back later.
WITH forgotten AS (
    DELETE FROM unlikes
    WHERE target_id = %(target_id)s AND user_id = %(user_id)s
      AND CASE WHEN sequence IS NOT NULL AND %(sequence)s::bigint IS NOT NULL
               THEN sequence < %(sequence)s::bigint
               ELSE told_at <= %(told_at)s END
    RETURNING target_id
), written AS (
    INSERT INTO likes (target_id, user_id, target_type, sequence, told_at)
    SELECT %(target_id)s, %(user_id)s, %(target_type)s, %(sequence)s::bigint, %(told_at)s
    WHERE EXISTS (SELECT FROM forgotten)
       OR NOT EXISTS (SELECT FROM unlikes
                      WHERE target_id = %(target_id)s AND user_id = %(user_id)s)
    ON CONFLICT (target_id, user_id) DO NOTHING
    RETURNING target_id
), later AS (
    UPDATE likes
    SET sequence = %(sequence)s::bigint, told_at = %(told_at)s
    WHERE target_id = %(target_id)s AND user_id = %(user_id)s AND target_type = %(target_type)s
      AND CASE WHEN sequence IS NOT NULL AND %(sequence)s::bigint IS NOT NULL
               THEN sequence < %(sequence)s::bigint
               ELSE told_at <= %(told_at)s END
)
SELECT count(*) AS step FROM written

-- name: unlike
-- step is -1 if the user liked it before.
WITH gone AS (
    DELETE FROM likes
    WHERE target_id = %(target_id)s AND user_id = %(user_id)s AND target_type = %(target_type)s
      AND CASE WHEN sequence IS NOT NULL AND %(sequence)s::bigint IS NOT NULL
               THEN sequence < %(sequence)s::bigint
               ELSE told_at <= %(told_at)s END
    RETURNING target_id
), kept AS (
    INSERT INTO unlikes AS known (target_id, user_id, sequence, told_at)
    SELECT %(target_id)s, %(user_id)s, %(sequence)s::bigint, %(told_at)s
    WHERE EXISTS (SELECT FROM gone)
       OR NOT EXISTS (SELECT FROM likes
                      WHERE target_id = %(target_id)s AND user_id = %(user_id)s)
    ON CONFLICT (target_id, user_id) DO UPDATE
        SET sequence = excluded.sequence, told_at = excluded.told_at
        WHERE CASE WHEN known.sequence IS NOT NULL AND excluded.sequence IS NOT NULL
                   THEN known.sequence < excluded.sequence
                   ELSE known.told_at < excluded.told_at END
)
SELECT -count(*) AS step FROM gone

-- name: count_post
UPDATE feed_posts p SET like_count = p.like_count + %(step)s
WHERE p.post_id = %(target_id)s
RETURNING p.post_id AS target_id, p.like_count,
          EXISTS (SELECT FROM likes l
                  WHERE l.target_id = p.post_id AND l.user_id = %(user_id)s
                    AND l.target_type = 'post') AS liked

-- name: count_comment
UPDATE comments c SET like_count = c.like_count + %(step)s
WHERE c.comment_id = %(target_id)s
RETURNING c.comment_id AS target_id, c.like_count,
          EXISTS (SELECT FROM likes l
                  WHERE l.target_id = c.comment_id AND l.user_id = %(user_id)s
                    AND l.target_type = 'comment') AS liked

-- name: list
SELECT l.user_id, l.created_at
FROM likes l
WHERE l.target_id = %(post_id)s AND l.target_type = 'post'
  AND (%(after_at)s::timestamptz IS NULL
       OR (l.created_at, l.user_id) > (%(after_at)s::timestamptz, %(after_id)s::uuid))
ORDER BY l.created_at, l.user_id
LIMIT %(limit)s + 1
