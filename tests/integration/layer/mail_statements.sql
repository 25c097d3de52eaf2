-- The statements of the post office's inbox.

-- name: take
INSERT INTO taken AS known (lane, letter_id, kind, outcome)
VALUES (%(owner)s, %(id)s, %(kind)s, %(outcome)s)
ON CONFLICT (lane, letter_id) DO UPDATE SET outcome = excluded.outcome
WHERE known.outcome = 'rejected' AND %(again)s
RETURNING outcome

-- name: begin
INSERT INTO begun AS noted (message) VALUES (%(message)s)
ON CONFLICT (message) DO UPDATE SET starts = noted.starts + 1
RETURNING starts

-- name: end
DELETE FROM begun WHERE message = ANY (%(messages)s::text[])

-- name: deliver
INSERT INTO delivered (letter_id, lane, text, reply_to)
VALUES (%(id)s, %(lane)s, %(text)s, %(reply_to)s)

-- name: count_in_shed
UPDATE sheds SET letters = letters + 1 WHERE lane = %(lane)s

-- name: is_delivered
SELECT 1 FROM delivered WHERE letter_id = %(id)s

-- name: refuse
INSERT INTO refusals (letter_id, code, reason) VALUES (%(id)s, %(code)s, %(reason)s)
