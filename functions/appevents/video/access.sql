-- Who may see a feed.

-- name: lock_post
-- The post, if the user may see it; its row is locked, because what is counted in it changes next.
SELECT p.post_id, p.owner_id
FROM feed_posts p
LEFT JOIN feed_owners o ON o.owner_id = p.owner_id
LEFT JOIN feed_grants g ON g.owner_id = p.owner_id AND g.viewer_id = %(user_id)s
WHERE p.post_id = %(post_id)s AND p.deleted_at IS NULL
  AND (p.is_public
       OR p.owner_id = %(user_id)s
       OR (g.access_version = o.access_version AND g.expires_at > clock_timestamp()))
FOR NO KEY UPDATE OF p

-- name: owner
-- No row: a public feed.
SELECT visibility, access_version FROM feed_owners WHERE owner_id = %(owner_id)s
