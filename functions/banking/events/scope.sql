-- name: owners
-- Whose the named events are, at most two. consumer_id is NULL only for the admin, who sees all tenants.
SELECT DISTINCT consumer_id
FROM customer_events
WHERE event_id = ANY (%(event_ids)s::uuid[])
  AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
LIMIT 2
