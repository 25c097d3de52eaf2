-- Whether the counts equal the rows. The operators' own: those of all users.

-- name: wrong
-- One statement, so it sees the counts and the rows of one moment.
WITH liked AS (
    SELECT target_id, target_type, count(*) AS rows FROM likes GROUP BY target_id, target_type
), said AS (
    SELECT post_id, count(*) AS rows FROM comments WHERE deleted_at IS NULL GROUP BY post_id
), replied AS (
    SELECT parent_id, count(*) AS rows
    FROM comments
    WHERE parent_id IS NOT NULL AND is_listed
    GROUP BY parent_id
), of_posts AS (
    SELECT count(*) FILTER (WHERE p.like_count <> coalesce(liked.rows, 0)) AS likes,
           count(*) FILTER (WHERE p.comment_count <> coalesce(said.rows, 0)) AS comments
    FROM feed_posts p
    LEFT JOIN liked ON liked.target_id = p.post_id AND liked.target_type = 'post'
    LEFT JOIN said ON said.post_id = p.post_id
), of_comments AS (
    SELECT count(*) FILTER (WHERE c.like_count <> coalesce(liked.rows, 0)) AS likes,
           count(*) FILTER (WHERE c.reply_count <> coalesce(replied.rows, 0)) AS replies
    FROM comments c
    LEFT JOIN liked ON liked.target_id = c.comment_id AND liked.target_type = 'comment'
    LEFT JOIN replied ON replied.parent_id = c.comment_id
)
SELECT of_posts.likes + of_comments.likes AS like_count, of_posts.comments AS comment_count,
       of_comments.replies AS reply_count
FROM of_posts, of_comments
