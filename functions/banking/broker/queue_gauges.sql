-- name: read_queues
-- What the broker last said of each consumer's queues. What is older than observation_seconds is unknown.
-- messages: those that wait and those that a reader has not acknowledged. A figure is NULL if it is unknown, or if
-- nobody has to read the queue, because the bank is called.
SELECT c.name AS consumer, o.dead_letters,
       CASE WHEN w.consumer_id IS NULL THEN o.ready + o.unacknowledged END AS messages,
       CASE WHEN w.consumer_id IS NULL THEN o.consumers END AS readers
FROM consumers c
LEFT JOIN webhooks w ON w.consumer_id = c.consumer_id
LEFT JOIN queue_observations o
       ON o.consumer_id = c.consumer_id AND o.present
      AND o.observed_at > clock_timestamp() - make_interval(secs => %(observation_seconds)s)
ORDER BY c.name
