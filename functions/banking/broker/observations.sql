-- name: consumers
SELECT consumer_id, name FROM consumers

-- name: keep
-- An answer that arrives late does not replace a newer one.
INSERT INTO queue_observations AS stored
    (consumer_id, present, ready, unacknowledged, consumers, dead_letters, observed_at)
SELECT seen.*, clock_timestamp() - make_interval(secs => %(seconds_ago)s)
FROM unnest(%(consumer_ids)s::uuid[], %(present)s::boolean[], %(ready)s::bigint[],
            %(unacknowledged)s::bigint[], %(consumers)s::integer[],
            %(dead_letters)s::bigint[]) AS seen
ON CONFLICT (consumer_id) DO UPDATE
    SET present = excluded.present, ready = excluded.ready,
        unacknowledged = excluded.unacknowledged, consumers = excluded.consumers,
        dead_letters = excluded.dead_letters,
        observed_at = excluded.observed_at
    WHERE stored.observed_at < excluded.observed_at

-- name: take_absent
-- Removes what it returns: whoever reads it declares the queue, and the next observation tells more. What an
-- onboarding is undoing stays away, and what was of a bank that has left.
DELETE FROM queue_observations o
USING consumers c
WHERE c.consumer_id = o.consumer_id AND NOT o.present AND NOT has_left(c.consumer_id)
  AND NOT EXISTS (SELECT FROM onboardings u
                  WHERE u.consumer_id = c.consumer_id AND u.state = 'undoing')
RETURNING c.consumer_id, c.name AS consumer_name
