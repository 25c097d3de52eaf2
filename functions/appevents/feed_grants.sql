-- Who gave the passcode of a feed, as the video service knows it.

-- name: grant
-- A grant never replaces a newer one.
INSERT INTO feed_grants AS known (owner_id, viewer_id, access_version, expires_at)
VALUES (%(owner_id)s, %(user_id)s, %(access_version)s, %(expires_at)s)
ON CONFLICT (owner_id, viewer_id) DO UPDATE
    SET access_version = excluded.access_version, expires_at = excluded.expires_at
    WHERE (known.access_version, known.expires_at) < (excluded.access_version, excluded.expires_at)
