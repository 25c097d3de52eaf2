-- name: create_consumer
-- The consumer and the event that tells the admin's queue of it.
WITH consumer AS (
    INSERT INTO consumers (name) VALUES (%(name)s)
    RETURNING *
)
INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                             payload_json, metadata_json, created_at)
SELECT %(admin_id)s, consumer_id, 1, 'consumer_created', %(source_service)s,
       jsonb_build_object('consumer_id', consumer_id, 'consumer_name', name),
       jsonb_strip_nulls(jsonb_build_object(
           'created_at', created_at, 'sequence', 1,
           'source_service', %(source_service)s, 'traceparent', %(traceparent)s::text)),
       created_at
FROM consumer
RETURNING *, %(admin_name)s AS consumer_name
