-- Erases a user: settings go, and the passcode of the feed. Every statement names the user.

-- name: user_settings
DELETE FROM user_settings WHERE user_id = %(user_id)s

-- name: app_settings
DELETE FROM app_settings WHERE user_id = %(user_id)s

-- name: feed_access
-- The row stays for its version, which only grows: what was granted before ends. Also that of a feed that is public
-- already: what was to tell it to the video service may have gone with the outbox.
UPDATE feed_access
SET visibility = 'public', passcode_hash = NULL, access_version = access_version + 1,
    changed_at = clock_timestamp()
WHERE owner_id = %(user_id)s
RETURNING visibility, access_version

-- name: tries_at_own
DELETE FROM feed_access_attempts WHERE owner_id = %(user_id)s

-- name: own_tries
DELETE FROM viewer_access_attempts WHERE user_id = %(user_id)s
