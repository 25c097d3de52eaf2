-- name: read_key_ends
-- When the last active key of each consumer ends; the admin's never does.
SELECT c.name AS consumer, extract(epoch FROM max(k.expires_at))::float8 AS expires_at
FROM consumer_api_keys k
JOIN consumers c USING (consumer_id)
WHERE k.api_key_status = 'active' AND isfinite(k.expires_at) AND c.status = 'active'
GROUP BY c.consumer_id, c.name
ORDER BY c.name
