-- name: predecessors
SELECT count(*) > 0 AS pending,
       coalesce(bool_and(reason IS NULL
                         AND written_at > clock_timestamp()
                                          - make_interval(secs => %(handoff_seconds)s)), false)
           AS in_hand
FROM letters
WHERE lane = %(key)s AND position < %(position)s AND status = 'waiting'

-- name: mark_published
UPDATE letters SET status = 'sent', tries = tries + 1, reason = NULL WHERE letter_id = %(id)s

-- name: mark_unpublished
UPDATE letters SET reason = %(reason)s, tries = tries + %(tried)s::integer
WHERE letter_id = %(id)s AND status = 'waiting'
