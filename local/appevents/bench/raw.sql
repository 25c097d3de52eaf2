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
-- From here on: an interaction.liked in the service of videos.
INSERT INTO idempotency_keys (user_id, client_generated_id, event_type, outcome)
VALUES (%(user_id)s, %(id)s, 'interaction.liked', 'processed')
ON CONFLICT DO NOTHING
RETURNING outcome

-- name: lock_post
SELECT p.post_id, p.owner_id
FROM feed_posts p
LEFT JOIN feed_owners o ON o.owner_id = p.owner_id
LEFT JOIN feed_grants g ON g.owner_id = p.owner_id AND g.viewer_id = %(user_id)s
WHERE p.post_id = %(target_id)s AND p.deleted_at IS NULL
  AND (p.is_public
       OR p.owner_id = %(user_id)s
       OR (g.access_version = o.access_version AND g.expires_at > clock_timestamp()))
FOR NO KEY UPDATE OF p

-- name: like
WITH forgotten AS (
    DELETE FROM unlikes
    WHERE target_id = %(target_id)s AND user_id = %(user_id)s
      AND CASE WHEN sequence IS NOT NULL AND %(sequence)s::bigint IS NOT NULL
               THEN sequence < %(sequence)s::bigint
               ELSE told_at <= %(told_at)s END
    RETURNING target_id
), written AS (
    INSERT INTO likes (target_id, user_id, target_type, sequence, told_at)
    SELECT %(target_id)s, %(user_id)s, 'post', %(sequence)s::bigint, %(told_at)s
    WHERE EXISTS (SELECT FROM forgotten)
       OR NOT EXISTS (SELECT FROM unlikes
                      WHERE target_id = %(target_id)s AND user_id = %(user_id)s)
    ON CONFLICT (target_id, user_id) DO NOTHING
    RETURNING target_id
), later AS (
    UPDATE likes
    SET sequence = %(sequence)s::bigint, told_at = %(told_at)s
    WHERE target_id = %(target_id)s AND user_id = %(user_id)s
      AND CASE WHEN sequence IS NOT NULL AND %(sequence)s::bigint IS NOT NULL
               THEN sequence < %(sequence)s::bigint
               ELSE told_at <= %(told_at)s END
)
SELECT count(*) AS step FROM written

-- name: count_post
UPDATE feed_posts p SET like_count = p.like_count + %(step)s
WHERE p.post_id = %(target_id)s
RETURNING p.like_count,
          EXISTS (SELECT FROM likes l
                  WHERE l.target_id = p.post_id AND l.user_id = %(user_id)s) AS liked

-- name: write
INSERT INTO outbox (event_type, client_generated_id, user_id, causation_id, data)
VALUES ('interaction.persisted', %(outcome_id)s, %(user_id)s, %(id)s, %(data)s)
RETURNING id, created_at

-- name: mark_outcomes
UPDATE outbox SET publish_status = 'published', published_at = clock_timestamp()
WHERE id = ANY (%(ids)s) AND publish_status = 'pending'
