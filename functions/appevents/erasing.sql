-- What every service does when a user is erased. Every statement names the user.

-- name: settle_unsettled
-- As if each had been acted on: whatever comes of it later is a repetition, also what an operator sends back.
INSERT INTO idempotency_keys AS known (user_id, client_generated_id, event_type, outcome)
SELECT %(user_id)s, told.id, told.type, 'processed'
FROM unnest(%(ids)s::uuid[], %(types)s::text[]) AS told (id, type)
ON CONFLICT (user_id, client_generated_id) DO NOTHING

-- name: settle_rejected
-- A rejected event would be acted on when its dead letter is sent back.
UPDATE idempotency_keys SET outcome = 'processed'
WHERE user_id = %(user_id)s AND outcome = 'rejected'

-- name: delete_outbox
-- Nobody needs these outcomes: notification settles what they belong to.
DELETE FROM outbox WHERE user_id = %(user_id)s AND created_at <= %(until)s
