-- Statements of the fault runs on the services' databases, which bypass the functions.

-- name: events
SELECT user_id::text AS user, client_generated_id::text AS id, event_type, sequence, effective_at,
       publish_status, outcome_status, outcome_event_type, outcome_code, outcome_reason
FROM events
ORDER BY id

-- name: last_sequences
SELECT user_id::text AS user, last_sequence FROM user_sequences

-- name: unsettled
SELECT count(*) AS count FROM events WHERE outcome_status IS NULL OR publish_status = 'pending'

-- name: dead_letters
SELECT service, user_id::text AS user, client_generated_id::text AS id, message_id, event_type,
       error_code AS code, redriven_at IS NOT NULL AS redriven
FROM dead_letters

-- name: keys
SELECT user_id::text AS user, client_generated_id::text AS id, event_type, outcome FROM idempotency_keys

-- name: outbox
SELECT user_id::text AS user, client_generated_id::text AS id, event_type,
       causation_id::text AS causation_id, publish_status
FROM outbox

-- name: pending
SELECT count(*) AS count FROM outbox WHERE publish_status = 'pending'

-- name: video_things
SELECT 'comment.created' AS kind, user_id::text AS user, comment_id::text AS id FROM comments
UNION ALL
SELECT 'media.upload_requested', user_id::text, video_id::text FROM videos

-- name: program_things
SELECT 'program.created' AS kind, user_id::text AS user, program_id::text AS id FROM programs
UNION ALL
SELECT 'workout.created', user_id::text, workout_id::text FROM workouts
UNION ALL
SELECT 'workout.session.logged', user_id::text, session_id::text FROM workout_sessions

-- name: dm_things
SELECT 'dm.conversation.started' AS kind, user_id::text AS user, start_id::text AS id
FROM conversation_starts
UNION ALL
SELECT 'dm.message.sent', user_id::text, message_id::text FROM messages

-- name: machine_things
SELECT 'machine.note.saved' AS kind, user_id::text AS user, note_id::text AS id FROM machine_notes

-- name: video_counts
-- Each count that a row has beside the rows that it counts.
SELECT 'likes of post ' || p.post_id AS what, p.like_count AS says,
       (SELECT count(*) FROM likes l WHERE l.target_id = p.post_id) AS rows
FROM feed_posts p
UNION ALL
SELECT 'comments of post ' || p.post_id, p.comment_count,
       (SELECT count(*) FROM comments c WHERE c.post_id = p.post_id AND c.deleted_at IS NULL)
FROM feed_posts p
UNION ALL
SELECT 'likes of comment ' || c.comment_id, c.like_count,
       (SELECT count(*) FROM likes l WHERE l.target_id = c.comment_id)
FROM comments c WHERE c.deleted_at IS NULL
UNION ALL
SELECT 'replies to comment ' || c.comment_id, c.reply_count,
       (SELECT count(*) FROM comments r WHERE r.parent_id = c.comment_id AND r.is_listed)
FROM comments c

-- name: likes
SELECT user_id::text AS user, target_id::text AS target FROM likes

-- name: settings
SELECT 'user.settings.submitted' AS kind, user_id::text AS user, f.key AS name,
       (f.value ->> 'sequence')::bigint AS sequence
FROM user_settings, jsonb_each(fields) AS f
UNION ALL
SELECT 'app.settings.submitted', user_id::text, f.key, (f.value ->> 'sequence')::bigint
FROM app_settings, jsonb_each(fields) AS f

-- name: conversations
SELECT c.conversation_id::text AS id, c.last_sequence,
       coalesce((SELECT array_agg(m.sequence ORDER BY m.sequence) FROM messages m
                 WHERE m.conversation_id = c.conversation_id), '{}') AS sequences,
       (SELECT count(*) FROM messages m
        WHERE m.conversation_id = c.conversation_id
          AND NOT EXISTS (SELECT FROM participants p
                          WHERE p.conversation_id = c.conversation_id AND p.user_id = m.user_id))
           AS strangers
FROM conversations c

-- name: feeds_decided
SELECT owner_id::text AS owner, visibility, access_version FROM feed_access

-- name: feeds_known
SELECT o.owner_id::text AS owner, o.visibility, o.access_version,
       (SELECT count(*) FROM feed_posts p
        WHERE p.owner_id = o.owner_id AND p.is_public <> (o.visibility = 'public')) AS otherwise
FROM feed_owners o

-- name: videos
SELECT v.video_id::text AS id, v.user_id::text AS user, v.status, v.failure_code AS failure,
       (SELECT count(*) FROM feed_posts p WHERE p.video_id = v.video_id) AS posts,
       m.video_key, m.thumbnail_key, m.size_bytes
FROM videos v
LEFT JOIN media_metadata m ON m.video_id = v.video_id

-- name: make_old
-- As if a day had passed for uploads that nobody completed, and a week for those from which a video was made.
UPDATE videos
SET expires_at = CASE WHEN status = 'awaiting_upload' THEN clock_timestamp() ELSE expires_at END,
    settled_at = settled_at - interval '8 days'
RETURNING video_id

-- name: removable
SELECT count(*) AS count FROM videos
WHERE original_removed_at IS NULL AND (settled_at IS NOT NULL OR status = 'awaiting_upload')

-- name: under_way
SELECT count(*) AS count FROM videos WHERE status IN ('uploaded', 'processing')

-- name: readable_in_notify
SELECT count(*) AS count
FROM events WHERE strpos(concat(payload::text, outcome_data::text), %(secret)s) > 0

-- name: readable_in_outbox
SELECT count(*) AS count FROM outbox WHERE strpos(data::text, %(secret)s) > 0

-- name: readable_in_letters
SELECT count(*) AS count
FROM dead_letters WHERE strpos(encode(body, 'escape'), %(secret)s) > 0

-- name: write_post
-- A post as processing leaves it, without the work.
INSERT INTO feed_posts (post_id, owner_id, video_id, is_public, video_key, thumbnail_key, duration_ms,
                        width, height)
VALUES (%(post)s, %(owner)s, gen_random_uuid(), %(public)s, 'media/x', 'media/x', 1000, 128, 72)

-- name: know_owner
INSERT INTO feed_owners (owner_id) VALUES (%(owner)s) ON CONFLICT DO NOTHING

-- name: tries
SELECT coalesce(sum(cardinality(ids)), 0) AS count FROM feed_access_attempts WHERE owner_id = %(owner)s

-- name: letters_of
SELECT dead_letter_id::text AS dead_letter_id FROM dead_letters WHERE user_id = %(user)s
