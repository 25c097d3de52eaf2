-- The floors' statements: those of the product, as a program without this project sends them as text.

-- name: accept
-- The same rows as the product's: the sequence, and the event. One event.
WITH next AS (
    INSERT INTO user_sequences AS known (user_id, last_sequence) VALUES (%(user_id)s, 1)
    ON CONFLICT (user_id) DO UPDATE SET last_sequence = known.last_sequence + 1
    RETURNING last_sequence
)
INSERT INTO events (user_id, client_generated_id, event_type, sequence, payload, content_hash, told_at,
                    effective_at, received_at, request_id)
SELECT %(user_id)s, %(id)s, %(event_type)s, last_sequence, %(data)s, %(hash)s, %(told_at)s, %(told_at)s,
       %(received_at)s, %(request_id)s
FROM next
RETURNING id, sequence

-- name: accept_all
-- Events of one user, from one JSON array.
WITH given AS (
    SELECT * FROM json_to_recordset(%(items)s::json) AS given (
        nth integer, id uuid, event_type text, data json, hash text, told_at timestamptz)
), next AS (
    INSERT INTO user_sequences AS known (user_id, last_sequence)
    SELECT %(user_id)s, count(*) FROM given
    ON CONFLICT (user_id) DO UPDATE SET last_sequence = known.last_sequence + excluded.last_sequence
    RETURNING last_sequence
)
INSERT INTO events (user_id, client_generated_id, event_type, sequence, payload, content_hash, told_at,
                    effective_at, received_at, request_id)
SELECT %(user_id)s, given.id, event_type, last_sequence - %(count)s + nth, data, hash, told_at, told_at,
       %(received_at)s, %(request_id)s
FROM given, next
ORDER BY nth
RETURNING events.id, sequence

-- name: mark_events
UPDATE events SET publish_status = 'published', published_at = clock_timestamp()
WHERE id = ANY (%(ids)s) AND publish_status = 'pending'

-- name: take
INSERT INTO idempotency_keys (user_id, client_generated_id, event_type, outcome)
VALUES (%(user_id)s, %(id)s, 'interaction.liked', 'processed')
ON CONFLICT DO NOTHING
RETURNING outcome

-- name: lock_post
SELECT post_id FROM feed_posts
WHERE post_id = %(target_id)s AND deleted_at IS NULL AND is_public
FOR NO KEY UPDATE

-- name: like
INSERT INTO likes (target_id, user_id, target_type, sequence, told_at)
VALUES (%(target_id)s, %(user_id)s, 'post', %(sequence)s, %(told_at)s)
ON CONFLICT DO NOTHING

-- name: count_post
UPDATE feed_posts SET like_count = like_count + %(step)s
WHERE post_id = %(target_id)s
RETURNING like_count

-- name: write
INSERT INTO outbox (event_type, client_generated_id, user_id, causation_id, data)
VALUES ('interaction.persisted', %(outcome_id)s, %(user_id)s, %(id)s, %(data)s)
RETURNING id, created_at

-- name: mark_outcomes
UPDATE outbox SET publish_status = 'published', published_at = clock_timestamp()
WHERE id = ANY (%(ids)s) AND publish_status = 'pending'
