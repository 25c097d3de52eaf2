-- The ledger: the committed events compared with their status. All statements of a reconciliation run in
-- the one snapshot of its transaction, so the sums are exact while others write.

-- name: take_snapshot
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY

-- name: set_limits
-- For this transaction only. With this work_mem the joins of a large ledger need no disk.
SELECT set_config('statement_timeout', %(milliseconds)s::text, true),
       set_config('work_mem', '64MB', true)

-- name: read_cells
-- One row per tenant and combination of statuses, with the number of such events. Each row of a tenant
-- repeats the number of events that its customers count as committed.
--
-- accounts gives, for each customer, the owner and the last sequence, from tables other than
-- customer_events: a customer counts its own events, and a new consumer has one. For a deleted customer
-- only its last event can give them, in the table or in the archive.
--
-- An archived event counts as what it was when it was moved. Its receipt went with it.
WITH accounts AS NOT MATERIALIZED (
    SELECT customer_id AS subject_id, consumer_id, event_sequence AS last_sequence
    FROM customers
    UNION ALL
    (SELECT DISTINCT ON (e.customer_id) e.customer_id, e.consumer_id, e.sequence
     FROM customer_events e
     WHERE e.event_type = 'customer_deletion'
       AND NOT EXISTS (SELECT FROM customers c WHERE c.customer_id = e.customer_id)
     ORDER BY e.customer_id, e.sequence DESC)
    UNION ALL
    SELECT a.customer_id, a.consumer_id, a.sequence
    FROM archived_events a
    WHERE a.event_type = 'customer_deletion'
    UNION ALL
    SELECT consumer_id, %(admin_id)s::uuid, 1
    FROM consumers
    WHERE consumer_id <> %(admin_id)s::uuid
), committed AS (
    SELECT consumer_id, sum(last_sequence)::bigint AS committed
    FROM accounts
    WHERE %(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s
    GROUP BY consumer_id
), receipts AS (
    SELECT consumer_id, count(*) AS receipts
    FROM consumer_event_receipts
    WHERE %(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s
    GROUP BY consumer_id
), tenants AS (
    SELECT consumer_id, name AS consumer_name, status AS consumer_status
    FROM consumers
    WHERE %(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s
), cells AS (
    SELECT e.consumer_id, e.publish_status, e.deliver_status, r.processing_status AS receipt,
           letter.event_id IS NOT NULL AS dead_letter,
           e.publish_given_up_at IS NOT NULL AS given_up,
           CASE WHEN a.subject_id IS NULL THEN 'of_no_customer'
                WHEN a.consumer_id <> e.consumer_id THEN 'of_anothers_customer'
                WHEN e.sequence > a.last_sequence THEN 'beyond_the_last'
                ELSE 'accounted' END AS account,
           e.created_at > now() - make_interval(days => %(receipt_days)s) AS receipt_kept,
           false AS archived, count(*) AS events,
           (extract(epoch FROM now() - min(e.created_at)) / 3600)::float8 AS oldest_age_hours
    FROM customer_events e
    LEFT JOIN accounts a ON a.subject_id = e.customer_id
    LEFT JOIN consumer_event_receipts r
           ON r.consumer_id = e.consumer_id AND r.event_id = e.event_id
    LEFT JOIN (SELECT DISTINCT event_id FROM dead_letters
               WHERE event_id IS NOT NULL AND NOT superseded) letter
           ON letter.event_id = e.event_id
    WHERE %(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s
    GROUP BY e.consumer_id, e.publish_status, e.deliver_status, receipt, dead_letter, given_up,
             account, receipt_kept
    UNION ALL
    SELECT e.consumer_id, e.publish_status, e.deliver_status, NULL, e.dead_letter,
           e.publish_status = 'failed',
           CASE WHEN a.subject_id IS NULL THEN 'of_no_customer'
                WHEN a.consumer_id <> e.consumer_id THEN 'of_anothers_customer'
                WHEN e.sequence > a.last_sequence THEN 'beyond_the_last'
                ELSE 'accounted' END AS account,
           false, true, count(*),
           (extract(epoch FROM now() - min(e.created_at)) / 3600)::float8
    FROM archived_events e
    LEFT JOIN accounts a ON a.subject_id = e.customer_id
    WHERE %(consumer_id)s::uuid IS NULL OR e.consumer_id = %(consumer_id)s
    GROUP BY e.consumer_id, e.publish_status, e.deliver_status, e.dead_letter, account
)
SELECT *
FROM tenants
FULL JOIN committed USING (consumer_id)
FULL JOIN receipts USING (consumer_id)
FULL JOIN cells USING (consumer_id)
ORDER BY consumer_name, consumer_id

-- name: read_heads
-- Pending events behind which others wait, the longest queue first. The totals count all heads.
WITH lanes AS (
    SELECT customer_id, min(sequence) AS sequence, min(created_at) AS created_at,
           count(*) - 1 AS waiting
    FROM customer_events
    WHERE publish_status = 'pending'
      AND (%(consumer_id)s::uuid IS NULL OR consumer_id = %(consumer_id)s)
    GROUP BY customer_id
    HAVING count(*) > 1
), longest AS (
    SELECT *, count(*) OVER () AS heads, (sum(waiting) OVER ())::bigint AS waiting_behind
    FROM lanes
    ORDER BY waiting DESC, created_at
    LIMIT %(most)s
)
SELECT e.event_id, e.consumer_id, e.customer_id, e.sequence, e.event_type, e.created_at,
       (extract(epoch FROM now() - e.created_at) / 3600)::float8 AS age_hours,
       e.publish_try_count, e.publish_failure_reason,
       longest.waiting, longest.heads, longest.waiting_behind
FROM longest
JOIN customer_events e
  ON e.customer_id = longest.customer_id AND e.sequence = longest.sequence
ORDER BY longest.waiting DESC, e.created_at

-- name: keep_last
INSERT INTO last_reconciliation AS stored (taken_at, report_json)
VALUES (%(taken_at)s, %(report)s::jsonb)
ON CONFLICT (only_row) DO UPDATE
    SET taken_at = excluded.taken_at, report_json = excluded.report_json
    WHERE stored.taken_at < excluded.taken_at

-- name: read_last
SELECT taken_at, report_json FROM last_reconciliation

-- name: read_recovery
-- Due: from the suspicion, or the beginning, until the recovery's rewinds are done.
SELECT r.epoch, r.backup_at, r.suspicion,
       r.suspicion IS NOT NULL
       OR (r.stage <> 'none'
           AND (r.stage <> 'rewinding'
                OR EXISTS (SELECT FROM replay_jobs j
                           WHERE j.status <> 'done' AND j.request_id = 'recovery ' || r.epoch))) AS due
FROM recovery r
