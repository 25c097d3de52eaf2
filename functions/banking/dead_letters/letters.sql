-- Reads dead letters. consumer_id is NULL only for the admin, who sees all tenants.
-- A tenant sees what died in its own queue: another letter may be anybody's.

-- name: list
-- Reads a page of each tenant in scope and of each kind (open or resolved, matched or not), and merges
-- them: so every filter is a condition of an index.
SELECT page.*
FROM consumers c
CROSS JOIN unnest(ARRAY[true, false]) AS is_open
CROSS JOIN unnest(ARRAY[true, false]) AS is_unmatched
CROSS JOIN LATERAL (
    SELECT d.dead_letter_id, d.consumer_id, c.name AS consumer_name, d.queue_name, d.event_id,
           d.reason, d.event_id IS NOT NULL AS matched, d.superseded, d.created_at,
           octet_length(d.body) AS size_bytes, d.resolved_at, d.resolved_by, d.resolved_reason,
           d.requeued_at
    FROM dead_letters d
    WHERE d.consumer_id = c.consumer_id
      AND (d.resolved_at IS NULL) = is_open AND (d.event_id IS NULL) = is_unmatched
      AND (%(reason)s::text IS NULL OR d.reason = %(reason)s)
      AND (%(sees_foreign)s OR d.reason NOT LIKE 'foreign: %%')
      AND (%(begin)s::timestamptz IS NULL OR d.created_at >= %(begin)s)
      AND (%(end)s::timestamptz IS NULL OR d.created_at < %(end)s)
      AND (%(after_at)s::timestamptz IS NULL
           OR (d.created_at, d.dead_letter_id) < (%(after_at)s, %(after_id)s::uuid))
    ORDER BY d.created_at DESC, d.dead_letter_id DESC
    LIMIT %(limit)s + 1
) page
WHERE (%(consumer_id)s::uuid IS NULL OR c.consumer_id = %(consumer_id)s)
  AND (%(resolved)s::boolean IS NULL OR is_open <> %(resolved)s)
  AND (%(matched)s::boolean IS NULL OR is_unmatched <> %(matched)s)
ORDER BY page.created_at DESC, page.dead_letter_id DESC
LIMIT %(limit)s + 1

-- name: count
-- Of what `list` lists, up to one more than `most`.
SELECT count(*) AS count
FROM (SELECT
      FROM consumers c
      CROSS JOIN unnest(ARRAY[true, false]) AS is_open
      CROSS JOIN unnest(ARRAY[true, false]) AS is_unmatched
      CROSS JOIN LATERAL (
          SELECT
          FROM dead_letters d
          WHERE d.consumer_id = c.consumer_id
            AND (d.resolved_at IS NULL) = is_open AND (d.event_id IS NULL) = is_unmatched
            AND (%(reason)s::text IS NULL OR d.reason = %(reason)s)
            AND (%(sees_foreign)s OR d.reason NOT LIKE 'foreign: %%')
            AND (%(begin)s::timestamptz IS NULL OR d.created_at >= %(begin)s)
            AND (%(end)s::timestamptz IS NULL OR d.created_at < %(end)s)
          LIMIT %(most)s + 1) found
      WHERE (%(consumer_id)s::uuid IS NULL OR c.consumer_id = %(consumer_id)s)
        AND (%(resolved)s::boolean IS NULL OR is_open <> %(resolved)s)
        AND (%(matched)s::boolean IS NULL OR is_unmatched <> %(matched)s)
      LIMIT %(most)s + 1) counted

-- name: read
SELECT d.dead_letter_id, d.consumer_id, c.name AS consumer_name, d.queue_name, d.event_id, d.reason,
       d.event_id IS NOT NULL AS matched, d.superseded, d.created_at,
       octet_length(d.body) AS size_bytes, d.resolved_at, d.resolved_by, d.resolved_reason,
       d.requeued_at, substring(d.body FROM 1 FOR %(most_bytes)s) AS body,
       d.properties_json AS properties
FROM dead_letters d
JOIN consumers c ON c.consumer_id = d.consumer_id
WHERE d.dead_letter_id = %(dead_letter_id)s
  AND (%(consumer_id)s::uuid IS NULL OR d.consumer_id = %(consumer_id)s)
  AND (%(sees_foreign)s OR d.reason NOT LIKE 'foreign: %%')
