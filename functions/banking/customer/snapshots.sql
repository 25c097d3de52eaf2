-- Snapshots: a customer's tags and figures at one time. They stay when the customer is deleted.

-- A snapshot that is not whole stores the changes since the one before it, as a JSON Merge Patch (RFC
-- 7396): a name with null is gone. Reading one needs every snapshot back to the last whole one.

-- name: read_present
-- Must run after lock_customer. The snapshot's time is the statement's start, and so is the state that
-- it sees.
SELECT statement_timestamp() AS at, tags.by_key AS tags,
       jsonb_build_object(
           'status', c.status,
           'customer_age_seconds',
               floor(extract(epoch FROM statement_timestamp() - c.created_at))::bigint,
           'tag_count', tags.count) || events.figures AS metrics
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
    FROM (SELECT o.event_type, o.publish_status, o.deliver_status
          FROM customer_events o
          WHERE o.customer_id = c.customer_id AND o.consumer_id = c.consumer_id
          UNION ALL
          SELECT a.event_type, a.publish_status, a.deliver_status
          FROM archived_events a
          WHERE a.customer_id = c.customer_id AND a.consumer_id = c.consumer_id) e
) AS events
WHERE c.customer_id = %(customer_id)s AND c.consumer_id = %(consumer_id)s

-- name: count_snapshots
SELECT count(*) AS count
FROM customer_analytics
WHERE customer_id = %(customer_id)s AND consumer_id = %(consumer_id)s

-- name: store_snapshot
-- Its time is later than that of the one before, even when the clock steps back: what it stores follows
-- from that one.
INSERT INTO customer_analytics (customer_id, consumer_id, snapshot_at, tags_json, metrics_json, whole)
VALUES (%(customer_id)s, %(consumer_id)s,
        greatest(%(at)s, %(previous_at)s::timestamptz + interval '1 microsecond'),
        %(tags)s::jsonb, %(metrics)s::jsonb, %(whole)s)

-- name: list_snapshots
-- A page, one more because the last of the page is compared with it, and those from which the oldest
-- is made: as far back as a whole one.
WITH page AS (
    SELECT snapshot_at, snapshot_id
    FROM customer_analytics
    WHERE customer_id = %(customer_id)s AND consumer_id = %(consumer_id)s
      AND (%(after_at)s::timestamptz IS NULL
           OR (snapshot_at, snapshot_id) < (%(after_at)s, %(after_id)s::uuid))
    ORDER BY snapshot_at DESC, snapshot_id DESC
    LIMIT %(limit)s + 1
), oldest AS (
    SELECT snapshot_at, snapshot_id FROM page ORDER BY snapshot_at, snapshot_id LIMIT 1
), base AS (
    SELECT s.snapshot_at, s.snapshot_id
    FROM customer_analytics s, oldest
    WHERE s.customer_id = %(customer_id)s AND s.consumer_id = %(consumer_id)s AND s.whole
      AND (s.snapshot_at, s.snapshot_id) <= (oldest.snapshot_at, oldest.snapshot_id)
    ORDER BY s.snapshot_at DESC, s.snapshot_id DESC
    LIMIT 1
)
SELECT s.snapshot_id, s.snapshot_at, s.tags_json AS tags, s.metrics_json AS metrics, s.whole
FROM customer_analytics s, base
WHERE s.customer_id = %(customer_id)s AND s.consumer_id = %(consumer_id)s
  AND (s.snapshot_at, s.snapshot_id) >= (base.snapshot_at, base.snapshot_id)
  AND (%(after_at)s::timestamptz IS NULL
       OR (s.snapshot_at, s.snapshot_id) < (%(after_at)s, %(after_id)s::uuid))
ORDER BY s.snapshot_at DESC, s.snapshot_id DESC

-- name: was_customer
-- Whether the caller has this customer, or had it when a snapshot was taken.
SELECT EXISTS (SELECT FROM customers
               WHERE customer_id = %(customer_id)s AND consumer_id = %(consumer_id)s)
    OR EXISTS (SELECT FROM customer_analytics
               WHERE customer_id = %(customer_id)s AND consumer_id = %(consumer_id)s) AS known
