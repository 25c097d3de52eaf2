-- Whether every event is accounted for. The operators' own: the events of all users.

-- name: accounts
SELECT event_type, count(*) AS accepted,
       count(*) FILTER (WHERE outcome_status = 'processed') AS processed,
       count(*) FILTER (WHERE outcome_status = 'rejected') AS rejected,
       count(*) FILTER (WHERE outcome_status IS NULL) AS under_way,
       count(*) FILTER (WHERE publish_status = 'pending') AS unpublished,
       min(received_at) FILTER (WHERE outcome_status IS NULL) AS oldest_under_way
FROM events
WHERE received_at > clock_timestamp() - make_interval(days => %(days)s)
GROUP BY event_type

-- name: dead_letters
SELECT service, count(*) AS count FROM dead_letters WHERE redriven_at IS NULL GROUP BY service

-- name: given_up
-- Events that the sweep has rejected, because the broker gave them up: no service has ended them.
SELECT d.service, count(*) AS count
FROM dead_letters d
JOIN events e ON e.user_id = d.user_id AND e.client_generated_id = d.client_generated_id
WHERE d.error_code = 'delivery_limit' AND e.outcome_status = 'rejected'
  AND e.received_at > clock_timestamp() - make_interval(days => %(days)s)
GROUP BY d.service

-- name: ended
-- In a service's own database: the clients' events that it has ended, and the outcomes that wait.
SELECT (SELECT count(*)
        FROM idempotency_keys
        WHERE event_type = ANY (%(types)s::text[])
          AND processed_at > clock_timestamp() - make_interval(days => %(days)s)) AS keys,
       (SELECT count(*) FROM outbox WHERE publish_status = 'pending') AS outcomes_pending
