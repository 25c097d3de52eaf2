-- name: lock_consumer
-- The consumer, whether it has an access that was not taken away, and whether its onboarding is not finished.
SELECT c.name, c.status,
       EXISTS (SELECT FROM onboardings o
               WHERE o.consumer_id = c.consumer_id
                 AND o.state IN ('running', 'ready', 'undoing')) AS in_onboarding,
       EXISTS (SELECT FROM broker_access a
               WHERE a.consumer_id = c.consumer_id AND a.revoked_at IS NULL) AS has_access
FROM consumers c
WHERE c.consumer_id = %(consumer_id)s
FOR UPDATE OF c

-- name: make_access
-- The first access of the consumer, or another password for its user.
INSERT INTO broker_access AS stored (consumer_id, username, password_hash)
VALUES (%(consumer_id)s, %(username)s, %(password_hash)s)
ON CONFLICT (consumer_id) DO UPDATE
    SET password_hash = excluded.password_hash, made_at = clock_timestamp(), revoked_at = NULL,
        wanted_revision = stored.wanted_revision + 1

-- name: revoke_access
UPDATE broker_access
SET password_hash = NULL, revoked_at = clock_timestamp(), wanted_revision = wanted_revision + 1
WHERE consumer_id = %(consumer_id)s AND revoked_at IS NULL

-- name: consumer_changed
-- The consumer's status says whether it may use its access, too.
UPDATE broker_access
SET wanted_revision = wanted_revision + 1
WHERE consumer_id = %(consumer_id)s

-- name: read_access
SELECT a.username, c.name, a.made_at, a.revoked_at, a.connection_count, a.observed_at,
       CASE WHEN a.revoked_at IS NULL AND c.status = 'active'
            THEN CASE WHEN a.applied_revision = a.wanted_revision THEN 'active'
                      ELSE 'pending' END
            ELSE CASE WHEN a.applied_revision = a.wanted_revision THEN 'revoked'
                      ELSE 'revocation pending' END
       END AS state
FROM broker_access a
JOIN consumers c ON c.consumer_id = a.consumer_id
WHERE a.consumer_id = %(consumer_id)s
