-- The statements of every service's inbox, and of the events that it writes.

-- name: take
-- No row: the event was applied or rejected before. Waits while another function applies it. With `again`,
-- for what an operator sent back, one that was rejected is taken once more.
INSERT INTO idempotency_keys AS known (user_id, client_generated_id, event_type, outcome)
VALUES (%(owner)s, %(id)s, %(kind)s, %(outcome)s)
ON CONFLICT (user_id, client_generated_id) DO UPDATE
SET outcome = excluded.outcome, processed_at = clock_timestamp()
WHERE known.outcome = 'rejected' AND %(again)s
RETURNING outcome

-- name: begin
INSERT INTO inbox_attempts AS noted (message) VALUES (%(message)s)
ON CONFLICT (message) DO UPDATE SET starts = noted.starts + 1, begun_at = clock_timestamp()
RETURNING starts

-- name: end
DELETE FROM inbox_attempts WHERE message = ANY (%(messages)s::text[])
