-- The outbox of customer_events: the statements of the handler's single try after the commit.

-- name: predecessors
-- Whether earlier events of the customer are pending, and whether another request is still publishing
-- all of these (they are younger than the hand-off time and have no failure reason). A rewind of the
-- consumer holds back every event but a customer's first, see rewind_worker.py.
SELECT count(event_id) > 0 OR held.by_rewind AS pending,
       NOT held.by_rewind
       AND coalesce(bool_and(publish_failure_reason IS NULL
                             AND created_at > clock_timestamp()
                                              - make_interval(secs => %(handoff_seconds)s)), false)
           AS in_hand,
       CASE WHEN held.by_rewind THEN 'held back by a rewind of the queue' END AS reason
FROM (SELECT EXISTS (SELECT FROM replay_jobs
                     WHERE consumer_id = %(owner)s AND status <> 'done') AS by_rewind) AS held
LEFT JOIN customer_events
       ON customer_id = %(key)s AND sequence < %(position)s AND publish_status = 'pending'
GROUP BY held.by_rewind

-- name: mark_published
-- Planned once per connection. Its commit does not wait for the disk.
-- text: sql/banking/schema.sql, mark_published
SELECT mark_published(%(id)s)

-- name: mark_unpublished
-- The reason also tells sweeps that no request is publishing this event any more. A try in vain is kept.
WITH told AS (
    UPDATE customer_events
    SET publish_failure_reason = %(reason)s,
        publish_last_tried_at = CASE WHEN %(tried)s THEN clock_timestamp()
                                     ELSE publish_last_tried_at END
    WHERE event_id = %(id)s AND publish_status = 'pending'
    RETURNING event_id, consumer_id
)
INSERT INTO event_attempts (event_id, consumer_id, by, outcome, words)
SELECT event_id, consumer_id, 'request', %(outcome)s, left(%(reason)s, 1000)
FROM told
WHERE %(tried)s
