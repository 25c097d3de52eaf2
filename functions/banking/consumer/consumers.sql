-- name: count_consumers
SELECT count(*) AS count FROM consumers

-- name: create_consumer
-- Creates the consumer and its event for the admin's queue.
WITH consumer AS (
    INSERT INTO consumers (name) VALUES (%(name)s)
    RETURNING *
)
INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                             payload_json, metadata_json, created_at)
SELECT %(admin_id)s, consumer_id, 1, 'consumer_created', %(source_service)s,
       jsonb_build_object('consumer_id', consumer_id, 'consumer_name', name),
       jsonb_strip_nulls(jsonb_build_object(
           'created_at', utc_text(created_at), 'sequence', 1,
           'source_service', %(source_service)s, 'traceparent', %(traceparent)s::text,
           'key_id', %(key_id)s::uuid, 'request_id', %(request_id)s::text)),
       created_at
FROM consumer
RETURNING *, %(admin_name)s AS consumer_name, (SELECT epoch FROM recovery) AS epoch,
          sending_format(%(admin_id)s) AS message_format

-- name: read_consumer
SELECT name, display_name, status, message_format, created_at, updated_at
FROM consumers
WHERE consumer_id = %(consumer_id)s

-- name: list_consumers
SELECT consumer_id, name, display_name, status, message_format, created_at, updated_at
FROM consumers
ORDER BY created_at, consumer_id

-- name: change_consumer_status
-- Returns no row if the consumer already has this status.
UPDATE consumers
SET status = %(status)s,
    updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
WHERE consumer_id = %(consumer_id)s AND status <> %(status)s
RETURNING consumer_id

-- name: change_consumer
UPDATE consumers
SET display_name = %(display_name)s,
    updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
WHERE consumer_id = %(consumer_id)s
RETURNING consumer_id, display_name, updated_at

-- name: change_format
-- The format that a consumer has already changes nothing, not even updated_at.
UPDATE consumers
SET message_format = %(message_format)s,
    updated_at = CASE WHEN message_format = %(message_format)s THEN updated_at
                      ELSE greatest(clock_timestamp(), updated_at + interval '1 microsecond') END
WHERE consumer_id = %(consumer_id)s
RETURNING consumer_id, message_format, updated_at

-- name: lock_consumer
-- An offboarding has this lock, too: the next statement sees what it has committed.
SELECT consumer_id FROM consumers WHERE consumer_id = %(consumer_id)s FOR UPDATE

-- name: is_leaving
SELECT offboarding_id
FROM offboardings
WHERE consumer_id = %(consumer_id)s AND status <> 'taken_back'
