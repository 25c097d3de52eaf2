-- Who may see whose feed. Every statement names the owner.

-- name: change
-- Every change raises the version, so that what was granted before ends. A public feed that stays public
-- does not change: no row.
INSERT INTO feed_access AS kept (owner_id, visibility, passcode_hash, access_version)
VALUES (%(owner_id)s, %(visibility)s, %(passcode_hash)s, 1)
ON CONFLICT (owner_id) DO UPDATE
    SET visibility = excluded.visibility, passcode_hash = excluded.passcode_hash,
        access_version = kept.access_version + 1, changed_at = clock_timestamp()
    WHERE kept.visibility <> 'public' OR excluded.visibility <> 'public'
RETURNING visibility, access_version, changed_at

-- name: read
SELECT visibility, access_version, changed_at FROM feed_access WHERE owner_id = %(owner_id)s

-- name: find
-- Also the hash: for whoever compares a passcode with it.
SELECT visibility, passcode_hash, access_version FROM feed_access WHERE owner_id = %(owner_id)s
