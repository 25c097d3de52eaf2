-- name: consumer
SELECT c.consumer_id, c.name, c.status, c.message_format, q.present, q.ready AS depth, q.consumers AS readers,
       q.observed_at, k.key_id, k.expires_at, w.url, w.max_in_flight, w.timeout_seconds, w.secret_made_at,
       CASE WHEN w.former_until > clock_timestamp() THEN w.former_until END AS former_secret_until,
       w.state, w.reason, w.since, nullif(w.open_until, 'infinity') AS next_try_at, w.last_delivered_at,
       (SELECT least(count(*), w.max_in_flight) FROM webhook_turns t
        WHERE t.consumer_id = w.consumer_id AND t.lease_until > clock_timestamp()) AS in_flight_count,
       w.created_at AS called_since
FROM consumers c
LEFT JOIN webhooks w ON w.consumer_id = c.consumer_id
LEFT JOIN queue_observations q ON q.consumer_id = c.consumer_id
LEFT JOIN LATERAL (
    SELECT key_id, expires_at FROM consumer_api_keys key
    WHERE key.consumer_id = c.consumer_id AND key.api_key_status = 'active'
      AND key.expires_at > clock_timestamp()
    ORDER BY expires_at DESC
    LIMIT 1) k ON true
WHERE c.consumer_id = %(consumer_id)s

-- name: last_words
-- When the bank last said something, and that it processed an event: of the last minutes to the second, else to the
-- minute or the hour that the history has.
WITH fresh AS (
    SELECT max(r.created_at) AS received,
           max(r.updated_at) FILTER (WHERE r.processing_status = 'processed') AS processed
    FROM consumer_event_receipts r
    WHERE r.consumer_id = %(consumer_id)s AND r.updated_at > clock_timestamp() - interval '5 minutes'
)
SELECT coalesce(fresh.received,
           (SELECT minute FROM stream_minutes m
            WHERE m.consumer_id = %(consumer_id)s AND m.received > 0 ORDER BY minute DESC LIMIT 1),
           (SELECT hour FROM stream_hours h
            WHERE h.consumer_id = %(consumer_id)s AND h.received > 0 ORDER BY hour DESC LIMIT 1))
           AS last_received_at,
       coalesce(fresh.processed,
           (SELECT minute FROM stream_minutes m
            WHERE m.consumer_id = %(consumer_id)s AND m.processed > 0 ORDER BY minute DESC LIMIT 1),
           (SELECT hour FROM stream_hours h
            WHERE h.consumer_id = %(consumer_id)s AND h.processed > 0 ORDER BY hour DESC LIMIT 1))
           AS last_processed_at
FROM fresh
