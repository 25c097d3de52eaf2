-- Fills the store of `make bench ONLY=console`. Customer number c has five events, each a fifth of the time apart
-- from the one before, so neighbours in time are of different customers. What state an event is in follows from c
-- and its sequence; the bank from a hash of c, which two banks share unevenly with eight small ones. So every size
-- has the same shares. %(end_at)s is the end of the store's time, %(days)s how many days it has.

-- name: banks
INSERT INTO consumers (consumer_id, name, created_at)
SELECT md5('bank ' || n)::uuid, 'bench_bank_' || lpad(n::text, 2, '0'),
       %(end_at)s::timestamptz - interval '400 days'
FROM generate_series(1, 10) n

-- name: observations
-- What the broker has said of the queues.
INSERT INTO queue_observations (consumer_id, present, ready, unacknowledged, consumers, observed_at, dead_letters)
SELECT md5('bank ' || n)::uuid, true, n * 100, n, n %% 4, clock_timestamp(), 0
FROM generate_series(1, 10) n
ON CONFLICT (consumer_id) DO UPDATE SET observed_at = excluded.observed_at

-- name: shares
-- The bank of a customer's number: two in five belong to the first, one in five to the second.
CREATE FUNCTION pg_temp.bench_bank(c bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (ARRAY[md5('bank 1'), md5('bank 1'), md5('bank 1'), md5('bank 1'), md5('bank 1'), md5('bank 1'),
                  md5('bank 1'), md5('bank 1'), md5('bank 2'), md5('bank 2'), md5('bank 2'), md5('bank 2'),
                  md5('bank 3'), md5('bank 4'), md5('bank 5'), md5('bank 6'), md5('bank 7'), md5('bank 8'),
                  md5('bank 9'), md5('bank 10')])[1 + (hashint8(c) & 2147483647) %% 20]::uuid
$$

-- name: customers
-- One in fifty was deleted.
INSERT INTO customers (customer_id, consumer_id, name, status, event_sequence, created_at, updated_at)
SELECT md5('customer ' || c)::uuid, pg_temp.bench_bank(c), 'John Richard Doe ' || c,
       CASE WHEN c %% 3 = 0 THEN 'INACTIVE' ELSE 'ACTIVE' END, 5, at, at
FROM generate_series(0, %(customers)s - 1) c
CROSS JOIN LATERAL (
    SELECT %(end_at)s::timestamptz - make_interval(days => %(days)s)
           + c * (make_interval(days => %(days)s) / (%(customers)s * 5.0)::float8) AS at) made
WHERE c %% 50 <> 1

-- name: tags
INSERT INTO customer_tags (customer_id, tag_key, tag_value)
SELECT customer_id, 'segment', 'retail' FROM customers WHERE name LIKE '%%0'

-- name: events
-- In the order of their creation, as they would have been written.
INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service, payload_json,
                             metadata_json, created_at, publish_status, published_at, publish_try_count,
                             publish_last_tried_at, publish_failure_reason, deliver_status, delivered_at,
                             deliver_try_count, deliver_failure_reason)
SELECT pg_temp.bench_bank(c), md5('customer ' || c)::uuid, sequence,
       CASE WHEN sequence = 1 THEN 'customer_creation'
            WHEN sequence = 5 AND c %% 50 = 1 THEN 'customer_deletion'
            ELSE 'customer_status_change' END,
       'PATCH: /customer/change-status',
       jsonb_build_object('customer_id', md5('customer ' || c)::uuid, 'name', 'John Richard Doe ' || c,
                          'status', 'ACTIVE'),
       jsonb_build_object('created_at', at, 'sequence', sequence, 'source_service',
                          'PATCH: /customer/change-status', 'request_id', md5('request ' || n))
           || CASE WHEN n %% 4 = 0
                   THEN jsonb_build_object('traceparent', '00-' || md5('trace ' || n) || '-00f067aa0ba902b7-01')
                   ELSE '{}' END,
       at, publish,
       CASE WHEN publish = 'published' THEN at + interval '35 milliseconds' END,
       CASE publish WHEN 'failed' THEN 10 WHEN 'pending' THEN 3 ELSE 1 END,
       at + interval '35 milliseconds',
       CASE WHEN publish <> 'published'
            THEN (ARRAY['NO_ROUTE: customer_status_change.bank', 'nacked by the broker: code 312',
                        'no confirm within 5 s', 'the broker was away'])[1 + c %% 4] END,
       deliver,
       CASE WHEN deliver = 'delivered' THEN at + interval '160 milliseconds' END,
       CASE WHEN publish = 'published' THEN 1 ELSE 0 END,
       CASE WHEN deliver = 'failed'
            THEN CASE WHEN c %% 400 = 13 THEN 'dead-lettered: rejected'
                      ELSE 'KYC record locked by batch ' || c END END
FROM (SELECT n, n %% %(customers)s AS c, n / %(customers)s + 1 AS sequence,
             %(end_at)s::timestamptz - make_interval(days => %(days)s)
                 + n * (make_interval(days => %(days)s) / (%(customers)s * 5.0)::float8) AS at
      FROM generate_series(%(first)s::bigint, %(last)s::bigint) n) numbered
CROSS JOIN LATERAL (
    SELECT CASE WHEN (sequence = 5 AND c %% 125 = 7) OR (sequence = 4 AND c %% 500 = 7) THEN 'pending'
                WHEN sequence = 3 AND c %% 200 = 11 THEN 'failed'
                ELSE 'published' END AS publish,
           CASE WHEN (sequence = 5 AND c %% 125 = 7) OR (sequence = 4 AND c %% 500 = 7)
                  OR (sequence = 3 AND c %% 200 = 11) OR (sequence = 5 AND c %% 50 = 3) THEN 'pending'
                WHEN sequence = 4 AND c %% 200 = 13 THEN 'failed'
                ELSE 'delivered' END AS deliver) said

-- name: receipts
-- Of every delivery; what the bank says of the last event of one customer in twenty is that it has it.
INSERT INTO consumer_event_receipts (consumer_id, event_id, customer_id, event_type, processing_status,
                                     processing_failure_reason, received_at, created_at, updated_at,
                                     event_created_at)
SELECT consumer_id, event_id, customer_id, event_type,
       CASE WHEN deliver_status = 'failed' THEN 'failed'
            WHEN sequence = 5 AND (payload_json ->> 'name') LIKE '%%4'
                 AND substring(payload_json ->> 'name' FROM '[0-9]+$')::bigint %% 20 = 4 THEN 'received'
            ELSE 'processed' END,
       CASE WHEN deliver_status = 'failed' THEN deliver_failure_reason END,
       created_at + interval '160 milliseconds', created_at + interval '160 milliseconds',
       created_at + interval '240 milliseconds', created_at
FROM customer_events
WHERE deliver_status = 'delivered'
   OR (deliver_status = 'failed' AND deliver_failure_reason NOT LIKE 'dead-lettered: %%')

-- name: letters
-- A letter of each event that died, half of them resolved, and a tenth as many that match no event.
INSERT INTO dead_letters (queue_name, consumer_id, event_id, reason, body, properties_json, fingerprint, created_at,
                          resolved_at, resolved_by, resolved_reason)
SELECT 'customer_notification_bench_DLQ', consumer_id, event_id, 'rejected', convert_to(payload_json::text, 'UTF8'),
       '{"headers": {}}'::jsonb, event_id::text, created_at + interval '1 minute',
       CASE WHEN is_resolved THEN created_at + interval '1 hour' END,
       CASE WHEN is_resolved THEN 'Ann Example' END, CASE WHEN is_resolved THEN 'seen to' END
FROM customer_events
CROSS JOIN LATERAL (SELECT hashtext(event_id::text) %% 2 = 0 AS is_resolved) seen
WHERE deliver_failure_reason LIKE 'dead-lettered: %%'
UNION ALL
SELECT 'customer_notification_bench_DLQ', md5('bank ' || 1 + n %% 10)::uuid, NULL, 'expired', 'no event',
       '{"headers": {}}'::jsonb, 'unmatched ' || n, %(end_at)s::timestamptz - n * interval '1 minute', NULL, NULL, NULL
FROM generate_series(1, %(customers)s / 4000) n

-- name: attempts
INSERT INTO event_attempts (event_id, consumer_id, at, by, outcome, words)
SELECT event_id, consumer_id, created_at + n * interval '1 minute', 'resend', 'nacked', publish_failure_reason
FROM customer_events, generate_series(1, 10) n
WHERE publish_status = 'failed'

-- name: audit
-- One row in five is the operator's, on a bank's data.
INSERT INTO audit_log (created_at, request_id, consumer_id, key_id, action, status_code, reason, source_ip, actor,
                       subject_consumer_id, details)
SELECT %(end_at)s::timestamptz - n * (interval '90 days' / %(customers)s::float8), md5('request ' || n),
       CASE WHEN n %% 5 = 0 THEN %(admin_id)s::uuid ELSE md5('bank ' || 1 + n %% 10)::uuid END, gen_random_uuid(),
       (ARRAY['POST /events/resend', 'GET /events/data', 'POST /replay/data', 'POST /events/redeliver',
              'PATCH /customer/change-status', 'POST /dead-letters/requeue', 'POST /consumer/api-key'])[1 + n %% 7],
       (ARRAY[200, 201, 403, 401, 409, 422, 200, 200, 200, 200, 200])[1 + n %% 11],
       'asked for by the bank', '10.0.0.' || n %% 250,
       CASE WHEN n %% 3 = 0 THEN 'Person ' || n %% 40 END,
       CASE WHEN n %% 5 = 0 THEN md5('bank ' || 1 + n / 5 %% 10)::uuid END,
       CASE WHEN n %% 7 = 2 THEN jsonb_build_object('matched', n %% 1000) END
FROM generate_series(1, %(customers)s) n

-- name: replays
INSERT INTO replays (job_id, consumer_id, status, mode, filter_json, filter_hash, include_late, per_second, reason,
                     request_id, matched, sent, cursor, is_counted, created_at, started_at, finished_at)
SELECT gen_random_uuid(), md5('bank ' || 1 + n %% 10)::uuid, status, 'missed', '{"states": ["publish_failed"]}',
       md5(n::text), false, 50, 'asked for', 'bench', 100, sent, sent, true, at, at, at + interval '1 minute'
FROM generate_series(1, 10000) n
CROSS JOIN LATERAL (
    SELECT %(end_at)s::timestamptz - n * interval '4 minutes' AS at,
           CASE WHEN n %% 9 = 0 THEN 'cancelled' ELSE 'done' END AS status,
           CASE WHEN n %% 9 = 0 THEN 40 ELSE 100 END AS sent) job

-- name: forget_now
-- What a run before this one has written as the newest. The triggers that refuse this are off in this session.
WITH gone AS (
    DELETE FROM customer_events
    WHERE consumer_id IN (SELECT consumer_id FROM consumers WHERE name LIKE 'bench_bank_%%')
      AND created_at > %(end_at)s
    RETURNING event_id, consumer_id
)
DELETE FROM consumer_event_receipts r USING gone
WHERE r.consumer_id = gone.consumer_id AND r.event_id = gone.event_id

-- name: forget_customers
-- Those that were created before the page of a run before this one.
DELETE FROM customers
WHERE consumer_id IN (SELECT consumer_id FROM consumers WHERE name LIKE 'bench_bank_%%')
  AND created_at > %(end_at)s

-- name: events_now
-- So many creates a second for some time until now: the last seconds of it are on their way, the rest is done.
WITH made AS (
    INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service, payload_json,
                                 metadata_json, created_at, publish_status, published_at, deliver_status,
                                 delivered_at)
    SELECT md5('bank ' || 1 + n %% 10)::uuid, gen_random_uuid(), 1, 'customer_creation', 'POST: /customer/data',
           '{"name": "John Richard Doe", "status": "ACTIVE"}',
           jsonb_build_object('request_id', gen_random_uuid()), at, 'published', at + interval '4 milliseconds',
           CASE WHEN is_done THEN 'delivered' ELSE 'pending' END,
           CASE WHEN is_done THEN at + interval '160 milliseconds' END
    FROM generate_series((%(per_second)s * %(seconds)s)::integer, 1, -1) n
    CROSS JOIN LATERAL (
        SELECT clock_timestamp() - n * interval '1 second' / %(per_second)s AS at,
               n > %(on_their_way)s * %(per_second)s AS is_done) moment
    RETURNING *
)
INSERT INTO consumer_event_receipts (consumer_id, event_id, customer_id, event_type, processing_status, received_at,
                                     created_at, updated_at, event_created_at)
SELECT consumer_id, event_id, customer_id, event_type, 'processed', delivered_at, delivered_at,
       created_at + interval '240 milliseconds', created_at
FROM made
WHERE deliver_status = 'delivered'

-- name: forget_history
TRUNCATE stream_minutes, stream_hours, last_reconciliation

-- name: minutes
-- Each minute of eight days, until two minutes ago, as the schedule would have counted it.
INSERT INTO stream_minutes (consumer_id, minute, committed, published, received, processed, failed, redelivered,
                            publish_lag, process_lag, pending, held_back, undelivered, oldest_pending_seconds,
                            oldest_held_back_seconds, oldest_undelivered_seconds, queue_depth, readers)
SELECT stream, minute, 600, 600, 600, 598, 1, 0,
       ARRAY[500, 80, 10, 5, 3, 1, 1, 0, 0, 0, 0, 0, 0, 0], ARRAY[0, 0, 0, 0, 10, 500, 80, 5, 3, 1, 1, 0, 0, 0],
       1000, 200, 2000, 60, 60, 120, 2000, 2
FROM (SELECT consumer_id AS stream FROM consumers
      UNION ALL SELECT %(everything)s::uuid) streams
CROSS JOIN generate_series(date_trunc('minute', clock_timestamp()) - interval '8 days',
                           date_trunc('minute', clock_timestamp()) - interval '3 minutes',
                           interval '1 minute') AS minutes (minute)

-- name: hours
INSERT INTO stream_hours (consumer_id, hour, minutes, committed, published, received, processed, failed,
                          redelivered, publish_lag, process_lag, pending, held_back, undelivered, queue_depth, readers)
SELECT stream, hour, 60, 36000, 36000, 36000, 35900, 60, 0,
       ARRAY[30000, 4800, 600, 300, 180, 60, 60, 0, 0, 0, 0, 0, 0, 0],
       ARRAY[0, 0, 0, 0, 600, 30000, 4800, 300, 180, 60, 60, 0, 0, 0], 1000, 200, 2000, 2000, 2
FROM (SELECT consumer_id AS stream FROM consumers
      UNION ALL SELECT %(everything)s::uuid) streams
CROSS JOIN generate_series(date_trunc('hour', clock_timestamp()) - interval '400 days',
                           date_trunc('hour', clock_timestamp()) - interval '1 hour',
                           interval '1 hour') AS hours (hour)

-- name: ledger
INSERT INTO last_reconciliation (taken_at, report_json)
SELECT clock_timestamp() - interval '10 minutes',
       jsonb_build_object('balanced', true, 'tenants', jsonb_agg(jsonb_build_object(
           'consumer_id', consumer_id, 'balanced', true, 'discrepancies', jsonb_build_object('lost', 0))))
FROM consumers

-- name: largest
SELECT consumer_id FROM consumers WHERE name = %(name)s

-- name: facts
-- What the requests name: a bank's customer, an event, a request and a trace that exist, and what does not wait.
SELECT (SELECT e.event_id::text FROM customer_events e
        WHERE e.consumer_id = md5('bank 1')::uuid AND e.created_at < %(end_at)s
        ORDER BY e.created_at DESC LIMIT 1) AS event_id,
       (SELECT e.customer_id::text FROM customer_events e
        WHERE e.consumer_id = md5('bank 1')::uuid AND e.publish_status = 'pending'
        ORDER BY e.created_at LIMIT 1) AS waiting_customer_id,
       (SELECT to_json(max(e.created_at)) #>> '{}' FROM customer_events e
        WHERE e.consumer_id = md5('bank 1')::uuid) AS newest_at,
       (SELECT c.customer_id::text FROM customers c
        WHERE c.consumer_id = md5('bank 1')::uuid
        ORDER BY c.created_at LIMIT 1) AS customer_id,
       (SELECT e.metadata_json ->> 'request_id' FROM customer_events e
        WHERE e.consumer_id = md5('bank 1')::uuid AND e.created_at < %(end_at)s
        ORDER BY e.created_at DESC LIMIT 1) AS request_id,
       (SELECT substr(e.metadata_json ->> 'traceparent', 4, 32) FROM customer_events e
        WHERE e.consumer_id = md5('bank 1')::uuid AND e.metadata_json ? 'traceparent'
          AND e.created_at < %(end_at)s
        ORDER BY e.created_at DESC LIMIT 1) AS trace_id

-- name: counts
SELECT (SELECT count(*) FROM customer_events) AS events,
       (SELECT count(*) FROM customers) AS customers,
       (SELECT count(*) FROM consumer_event_receipts) AS receipts,
       (SELECT count(*) FROM consumer_event_receipts WHERE processing_status = 'received') AS received,
       (SELECT count(*) FROM customer_events WHERE publish_status = 'pending') AS pending,
       (SELECT count(*) FROM customer_events WHERE publish_status = 'failed') AS publish_failed,
       (SELECT count(*) FROM customer_events WHERE deliver_status = 'failed') AS delivery_failed,
       (SELECT count(*) FROM audit_log) AS audit_rows
