-- What the steps of an onboarding write beside the statements of consumers, keys and access.

-- name: create_consumer
-- Again: nothing changes.
INSERT INTO consumers (consumer_id, name, display_name, message_format)
VALUES (%(consumer_id)s, %(name)s, %(display_name)s, %(message_format)s)
ON CONFLICT (consumer_id) DO NOTHING

-- name: tell_the_admin
-- The event of a consumer that is made. Before, the consumer might still be undone.
INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                             payload_json, metadata_json, created_at)
SELECT %(admin_id)s, c.consumer_id, 1, 'consumer_created', %(source_service)s,
       jsonb_build_object('consumer_id', c.consumer_id, 'consumer_name', c.name),
       jsonb_strip_nulls(jsonb_build_object(
           'created_at', utc_text(now.at), 'sequence', 1,
           'source_service', %(source_service)s, 'traceparent', %(traceparent)s::text,
           'key_id', %(key_id)s::uuid, 'request_id', %(request_id)s::text)),
       now.at
FROM consumers c
CROSS JOIN (SELECT clock_timestamp() AS at) AS now
WHERE c.consumer_id = %(consumer_id)s
RETURNING *, %(admin_name)s AS consumer_name, (SELECT epoch FROM recovery) AS epoch,
          sending_format(%(admin_id)s) AS message_format

-- name: remove_consumer
-- With what others have noted of it meanwhile. A trigger refuses it unless its onboarding is undone.
WITH access AS (
    DELETE FROM broker_access WHERE consumer_id = %(consumer_id)s
), seen AS (
    DELETE FROM queue_observations WHERE consumer_id = %(consumer_id)s
), used AS (
    DELETE FROM consumer_usage WHERE consumer_id = %(consumer_id)s
)
DELETE FROM consumers WHERE consumer_id = %(consumer_id)s
