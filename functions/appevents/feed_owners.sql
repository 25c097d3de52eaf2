-- What the video service knows of the owners of feeds.

-- name: change
-- Nothing changes where what is known is as new or newer.
INSERT INTO feed_owners AS known (owner_id, visibility, access_version)
VALUES (%(owner_id)s, %(visibility)s, %(access_version)s)
ON CONFLICT (owner_id) DO UPDATE
    SET visibility = excluded.visibility, access_version = excluded.access_version,
        changed_at = clock_timestamp()
    WHERE known.access_version < excluded.access_version

-- name: move_posts
-- In the same transaction, but not in the same statement: a post that was being written while the first
-- one waited for the owner's row would not be seen. A deleted one is nobody's to see, and in no index.
UPDATE feed_posts
SET is_public = (%(visibility)s = 'public')
WHERE owner_id = %(owner_id)s::uuid AND deleted_at IS NULL
  AND is_public <> (%(visibility)s = 'public')
