-- Offboardings as requests begin, read and take them back.

-- name: lock_bank
SELECT c.name AS consumer_name, c.status = 'active' AS is_active,
       EXISTS (SELECT FROM onboardings o
               WHERE o.consumer_id = c.consumer_id
                 AND o.state IN ('running', 'ready', 'undoing')) AS in_onboarding
FROM consumers c
WHERE c.consumer_id = %(consumer_id)s
FOR UPDATE OF c

-- name: hold_end
-- The offboarding, if the consumer is leaving or has left. One that waits does not end before the commit.
SELECT status
FROM offboardings
WHERE consumer_id = %(consumer_id)s AND status <> 'taken_back'
FOR SHARE

-- name: count
-- What there is of the bank, up to a bound.
SELECT (SELECT count(*) FROM (SELECT FROM customers
                              WHERE consumer_id = %(consumer_id)s
                              LIMIT %(most)s + 1) c) AS customers,
       (SELECT count(*) FROM (SELECT FROM customer_events
                              WHERE consumer_id = %(consumer_id)s
                              LIMIT %(most)s + 1) e) AS events,
       EXISTS (SELECT FROM exports
               WHERE consumer_id = %(consumer_id)s AND status = 'done') AS is_exported

-- name: begin
INSERT INTO offboardings (offboarding_id, consumer_id, was_active, reason, key_id, actor, request_id,
                          due_at)
VALUES (%(offboarding_id)s, %(consumer_id)s, %(was_active)s, %(reason)s, %(key_id)s, %(actor)s,
        %(request_id)s, clock_timestamp() + make_interval(days => %(days)s))

-- name: set_status
UPDATE consumers
SET status = %(status)s,
    updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
WHERE consumer_id = %(consumer_id)s AND status <> %(status)s

-- name: take_back
-- No row: there is none that waits, or its time is over.
UPDATE offboardings
SET status = 'taken_back', finished_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE consumer_id = %(consumer_id)s AND status = 'waiting' AND due_at > clock_timestamp()
RETURNING was_active

-- name: read
-- The newest. The access is what the broker does.
SELECT o.offboarding_id, o.consumer_id, c.name AS consumer_name, o.status, o.reason, o.actor,
       o.created_at, o.due_at, o.finished_at, o.waits_for, o.erased_count,
       CASE WHEN a.consumer_id IS NULL THEN NULL
            WHEN a.revoked_at IS NULL THEN 'active'
            WHEN a.applied_revision = a.wanted_revision THEN 'revoked'
            ELSE 'revocation pending' END AS broker_access
FROM offboardings o
JOIN consumers c ON c.consumer_id = o.consumer_id
LEFT JOIN broker_access a ON a.consumer_id = o.consumer_id
WHERE o.consumer_id = %(consumer_id)s
ORDER BY o.created_at DESC
LIMIT 1
