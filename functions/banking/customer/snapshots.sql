-- Snapshots: a customer's tags and figures at one time. They stay when the customer is deleted.

-- name: take_snapshot
-- The snapshot's time is the statement's start, and so is the state that it sees.
INSERT INTO customer_analytics (customer_id, consumer_id, snapshot_at, tags_json, metrics_json)
SELECT c.customer_id, c.consumer_id, statement_timestamp(), tags.by_key,
       jsonb_build_object(
           'status', c.status,
           'customer_age_seconds',
               floor(extract(epoch FROM statement_timestamp() - c.created_at))::bigint,
           'tag_count', tags.count) || events.figures
FROM customers c,
LATERAL (
    SELECT count(*) AS count,
           coalesce(jsonb_object_agg(t.tag_key, t.tag_value), '{}') AS by_key
    FROM customer_tags t
    WHERE t.customer_id = c.customer_id
) AS tags,
LATERAL (
    SELECT jsonb_build_object(
        'event_count', count(*),
        'customer_creation_count',
            count(*) FILTER (WHERE e.event_type = 'customer_creation'),
        'customer_status_change_count',
            count(*) FILTER (WHERE e.event_type = 'customer_status_change'),
        'published_count', count(*) FILTER (WHERE e.publish_status = 'published'),
        'pending_count', count(*) FILTER (WHERE e.publish_status = 'pending'),
        'failed_count', count(*) FILTER (WHERE e.publish_status = 'failed'),
        'delivered_count', count(*) FILTER (WHERE e.deliver_status = 'delivered'),
        'undelivered_count', count(*) FILTER (WHERE e.publish_status = 'published'
                                              AND e.deliver_status = 'pending'),
        'delivery_failed_count', count(*) FILTER (WHERE e.deliver_status = 'failed')) AS figures
    FROM customer_events e
    WHERE e.customer_id = c.customer_id AND e.consumer_id = c.consumer_id
) AS events
WHERE c.customer_id = %(customer_id)s AND c.consumer_id = %(consumer_id)s
RETURNING snapshot_id

-- name: list_snapshots
-- One more than a page: the last one of the page is compared with it.
SELECT snapshot_id, snapshot_at, tags_json AS tags, metrics_json AS metrics
FROM customer_analytics
WHERE customer_id = %(customer_id)s AND consumer_id = %(consumer_id)s
  AND (%(after_at)s::timestamptz IS NULL
       OR (snapshot_at, snapshot_id) < (%(after_at)s, %(after_id)s::uuid))
ORDER BY snapshot_at DESC, snapshot_id DESC
LIMIT %(limit)s + 1

-- name: was_customer
-- Whether the caller has this customer, or had it when a snapshot was taken.
SELECT EXISTS (SELECT FROM customers
               WHERE customer_id = %(customer_id)s AND consumer_id = %(consumer_id)s)
    OR EXISTS (SELECT FROM customer_analytics
               WHERE customer_id = %(customer_id)s AND consumer_id = %(consumer_id)s) AS known
