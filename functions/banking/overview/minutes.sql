-- The history of streams: what happened in each minute, counted from indexes of times. The nil UUID is the
-- stream of everything.

-- name: range
-- What is to be counted: from where the last run has ended, at most an hour, until two minutes ago, when every
-- transaction of the minute before has ended. The first run begins an hour back, and none before what is kept.
SELECT begin_at, least(settled, begin_at + interval '1 hour') AS end_at, at
FROM (SELECT at, date_trunc('minute', at) - interval '2 minutes' AS settled
      FROM coalesce(%(now)s::timestamptz, clock_timestamp()) AS at) clock
CROSS JOIN LATERAL (
    SELECT greatest(settled - make_interval(days => %(days)s), coalesce(
               (SELECT minute + interval '1 minute' FROM stream_minutes
                WHERE consumer_id = %(everything)s AND committed IS NOT NULL
                ORDER BY minute DESC LIMIT 1),
               settled - interval '1 hour')) AS begin_at) begun

-- name: count
-- Of all streams, or of one, by stretches of a minute or a part of it. An event tells of two things, and so does a
-- receipt: they are counted by both together, and then told apart. So rows of the same kind add up. What was
-- published later than five seconds after its commit has an index.
-- A receipt is received in the minute of its first word, which may be its last, too, and processed or failed in
-- that of its last. It was not made after its last change, so the index by change finds it. A dead letter is a
-- failure unless the bank's word was one. The bounds are those of the buckets but the last.
SELECT c.consumer_id, step.what, step.at, step.bucket, found.events
FROM consumers c
CROSS JOIN LATERAL (
    SELECT CASE WHEN e.created_at >= %(begin_at)s THEN date_bin(%(stretch)s, e.created_at, 'epoch') END AS committed,
           CASE WHEN e.published_at >= %(begin_at)s AND e.published_at < %(end_at)s
                 AND e.published_at - e.created_at <= interval '5 seconds'
                THEN date_bin(%(stretch)s, e.published_at, 'epoch') END AS published,
           width_bucket(date_part('epoch', e.published_at - e.created_at) - 5e-7, %(bounds)s::float8[]) AS lag,
           count(*) AS events
    FROM customer_events e
    WHERE e.consumer_id = c.consumer_id
      AND e.created_at >= %(begin_at)s::timestamptz - interval '5 seconds'
      AND e.created_at < %(end_at)s
    GROUP BY 1, 2, 3) found
CROSS JOIN LATERAL (
    SELECT 'committed' AS what, found.committed AS at, 0 AS bucket
    UNION ALL
    SELECT 'published', found.published, found.lag) step
WHERE step.at IS NOT NULL
  AND (%(consumer_id)s::uuid IS NULL OR c.consumer_id = %(consumer_id)s)
UNION ALL
SELECT e.consumer_id, 'published', date_bin(%(stretch)s, e.published_at, 'epoch'),
       width_bucket(date_part('epoch', e.published_at - e.created_at) - 5e-7,
                    %(bounds)s::float8[]), count(*)
FROM customer_events e
WHERE e.published_at >= %(begin_at)s AND e.published_at < %(end_at)s
  AND e.published_at - e.created_at > interval '5 seconds'
  AND (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)
GROUP BY 1, 3, 4
UNION ALL
SELECT found.consumer_id, step.what, step.at, step.bucket, found.events
FROM (
    SELECT r.consumer_id, r.processing_status,
           CASE WHEN r.created_at >= %(begin_at)s AND r.created_at < %(end_at)s
                THEN date_bin(%(stretch)s, r.created_at, 'epoch') END AS received,
           CASE WHEN r.updated_at < %(end_at)s AND r.processing_status <> 'received'
                THEN date_bin(%(stretch)s, r.updated_at, 'epoch') END AS ended,
           CASE WHEN %(with_lag)s AND r.processing_status = 'processed' AND r.updated_at < %(end_at)s THEN
               width_bucket(date_part('epoch', r.updated_at - coalesce(
                   (SELECT e.created_at FROM customer_events e WHERE e.event_id = r.event_id),
                   r.updated_at)) - 5e-7, %(bounds)s::float8[])
           ELSE 0 END AS lag,
           count(*) AS events
    FROM consumer_event_receipts r
    WHERE r.updated_at >= %(begin_at)s
      AND (%(consumer_id)s::uuid IS NULL OR r.consumer_id = %(consumer_id)s)
    GROUP BY 1, 2, 3, 4, 5) found
CROSS JOIN LATERAL (
    SELECT 'received' AS what, found.received AS at, 0 AS bucket
    UNION ALL
    SELECT found.processing_status, found.ended, found.lag) step
WHERE step.at IS NOT NULL
UNION ALL
SELECT d.consumer_id, 'failed', date_bin(%(stretch)s, d.created_at, 'epoch'), 0, count(*)
FROM dead_letters d
WHERE d.created_at >= %(begin_at)s AND d.created_at < %(end_at)s
  AND d.event_id IS NOT NULL AND NOT d.superseded
  AND (%(consumer_id)s::uuid IS NULL OR d.consumer_id = %(consumer_id)s)
  AND NOT EXISTS (SELECT FROM consumer_event_receipts r
                  WHERE r.consumer_id = d.consumer_id AND r.event_id = d.event_id
                    AND r.processing_status = 'failed')
GROUP BY 1, 3
UNION ALL
SELECT e.consumer_id, 'redelivered', date_bin(%(stretch)s, e.deliver_last_tried_at, 'epoch'), 0, count(*)
FROM customer_events e
WHERE e.deliver_last_tried_at >= %(begin_at)s AND e.deliver_last_tried_at < %(end_at)s
  AND (%(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s)
GROUP BY 1, 3

-- name: keep
-- Each minute of the range has a row of every active stream, so that none happened is told from unknown. A
-- minute that was counted before gets the same again. In one order, because two runs may overlap.
WITH counted AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS each (
        consumer_id uuid, minute timestamptz, committed integer, published integer, received integer,
        processed integer, failed integer, redelivered integer, publish_lag integer[],
        process_lag integer[])
), streams AS (
    SELECT consumer_id FROM consumers WHERE status = 'active'
    UNION
    SELECT consumer_id FROM counted
    UNION
    SELECT %(everything)s::uuid
)
INSERT INTO stream_minutes (consumer_id, minute, committed, published, received, processed, failed,
                            redelivered, publish_lag, process_lag)
SELECT s.consumer_id, m.minute, coalesce(n.committed, 0), coalesce(n.published, 0),
       coalesce(n.received, 0), coalesce(n.processed, 0), coalesce(n.failed, 0),
       coalesce(n.redelivered, 0), n.publish_lag, n.process_lag
FROM streams s
CROSS JOIN generate_series(%(begin_at)s::timestamptz, %(end_at)s::timestamptz - interval '1 minute',
                           interval '1 minute') AS m (minute)
LEFT JOIN counted n ON n.consumer_id = s.consumer_id AND n.minute = m.minute
ORDER BY s.consumer_id, m.minute
ON CONFLICT (consumer_id, minute) DO UPDATE
    SET committed = excluded.committed, published = excluded.published,
        received = excluded.received, processed = excluded.processed, failed = excluded.failed,
        redelivered = excluded.redelivered, publish_lag = excluded.publish_lag,
        process_lag = excluded.process_lag

-- name: observe
-- What waits now, at the minute of now. Another run in the same minute looks again.
INSERT INTO stream_minutes (consumer_id, minute, pending, held_back, undelivered,
                            oldest_pending_seconds, oldest_held_back_seconds,
                            oldest_undelivered_seconds, queue_depth, readers)
SELECT consumer_id, date_trunc('minute', %(at)s::timestamptz), pending, held_back, undelivered,
       oldest_pending_seconds, oldest_held_back_seconds, oldest_undelivered_seconds, queue_depth, readers
FROM jsonb_to_recordset(%(rows)s::jsonb) AS each (
    consumer_id uuid, pending integer, held_back integer, undelivered integer,
    oldest_pending_seconds real, oldest_held_back_seconds real, oldest_undelivered_seconds real,
    queue_depth bigint, readers integer)
ORDER BY consumer_id
ON CONFLICT (consumer_id, minute) DO UPDATE
    SET pending = excluded.pending, held_back = excluded.held_back,
        undelivered = excluded.undelivered,
        oldest_pending_seconds = excluded.oldest_pending_seconds,
        oldest_held_back_seconds = excluded.oldest_held_back_seconds,
        oldest_undelivered_seconds = excluded.oldest_undelivered_seconds,
        queue_depth = excluded.queue_depth, readers = excluded.readers

-- name: sum_hours
-- The hours that this range has ended. Arrays of lag are added position by position.
WITH of_range AS (
    SELECT m.*, date_trunc('hour', m.minute) AS hour
    FROM stream_minutes m
    WHERE m.minute >= date_trunc('hour', %(begin_at)s::timestamptz)
      AND m.minute < date_trunc('hour', %(end_at)s::timestamptz)
      AND m.consumer_id IN (SELECT consumer_id FROM consumers UNION SELECT %(everything)s::uuid)
      AND m.committed IS NOT NULL
), lags AS (
    SELECT consumer_id, hour, array_agg(publish ORDER BY bucket) AS publish_lag,
           array_agg(process ORDER BY bucket) AS process_lag
    FROM (SELECT consumer_id, hour, bucket, sum(coalesce(publish, 0)) AS publish,
                 sum(coalesce(process, 0)) AS process
          FROM of_range
          CROSS JOIN LATERAL (
              SELECT bucket, publish_lag[bucket] AS publish, process_lag[bucket] AS process
              FROM generate_series(1, 14) AS bucket) each
          GROUP BY consumer_id, hour, bucket) summed
    GROUP BY consumer_id, hour
)
INSERT INTO stream_hours AS stored
SELECT r.consumer_id, r.hour, count(*), sum(committed), sum(published), sum(received), sum(processed),
       sum(failed), sum(redelivered), l.publish_lag, l.process_lag, max(pending), max(held_back),
       max(undelivered), max(oldest_pending_seconds), max(oldest_held_back_seconds),
       max(oldest_undelivered_seconds), max(queue_depth), min(readers)
FROM of_range r
JOIN lags l ON l.consumer_id = r.consumer_id AND l.hour = r.hour
GROUP BY r.consumer_id, r.hour, l.publish_lag, l.process_lag
ORDER BY r.consumer_id, r.hour
ON CONFLICT (consumer_id, hour) DO UPDATE
    SET minutes = excluded.minutes, committed = excluded.committed, published = excluded.published,
        received = excluded.received, processed = excluded.processed, failed = excluded.failed,
        redelivered = excluded.redelivered, publish_lag = excluded.publish_lag,
        process_lag = excluded.process_lag, pending = excluded.pending,
        held_back = excluded.held_back, undelivered = excluded.undelivered,
        oldest_pending_seconds = excluded.oldest_pending_seconds,
        oldest_held_back_seconds = excluded.oldest_held_back_seconds,
        oldest_undelivered_seconds = excluded.oldest_undelivered_seconds,
        queue_depth = excluded.queue_depth, readers = excluded.readers

-- name: forget_minutes
-- By each stream's own rows, because the key begins with the stream. A consumer's row is never deleted.
DELETE FROM stream_minutes
WHERE consumer_id IN (SELECT consumer_id FROM consumers UNION SELECT %(everything)s::uuid)
  AND minute < %(at)s::timestamptz - make_interval(days => %(days)s)

-- name: forget_hours
DELETE FROM stream_hours
WHERE consumer_id IN (SELECT consumer_id FROM consumers UNION SELECT %(everything)s::uuid)
  AND hour < %(at)s::timestamptz - make_interval(days => %(hour_days)s)
