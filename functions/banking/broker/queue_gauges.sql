-- name: read_queues
-- What the broker last said of each consumer's queues. What is older than observation_seconds is unknown.
-- messages: those that wait and those that a reader has not acknowledged. A figure is NULL if it is unknown.
SELECT c.name AS consumer, o.ready + o.unacknowledged AS messages, o.consumers AS readers,
       o.dead_letters
FROM consumers c
LEFT JOIN queue_observations o
       ON o.consumer_id = c.consumer_id AND o.present
      AND o.observed_at > clock_timestamp() - make_interval(secs => %(observation_seconds)s)
ORDER BY c.name
