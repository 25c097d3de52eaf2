-- Counts the tries at passcodes. A row has the tries at one feed, or those of one viewer at all feeds.

-- name: take_of_viewer
-- As `take`, for the viewer's tries at all feeds together.
INSERT INTO viewer_access_attempts AS kept (user_id, ids, times)
VALUES (%(user_id)s, ARRAY[%(id)s]::uuid[], ARRAY[clock_timestamp()])
ON CONFLICT (user_id) DO UPDATE SET (ids, times) = (
    WITH old AS MATERIALIZED (
        SELECT old.id, old.at
        FROM unnest(kept.ids, kept.times) AS old (id, at)
        WHERE old.at > clock_timestamp() - make_interval(secs => %(viewer_seconds)s))
    SELECT array_agg(tries.id ORDER BY tries.at), array_agg(tries.at ORDER BY tries.at)
    FROM (SELECT id, at FROM old
          UNION ALL
          SELECT %(id)s::uuid, clock_timestamp()
          WHERE (SELECT count(*) FILTER (WHERE id = %(id)s) = 0 AND count(*) < %(all_feeds_tries)s FROM old)
         ) AS tries)
RETURNING
    %(id)s = ANY (kept.ids) AS is_counted,
    extract(epoch FROM (
        SELECT now.at + make_interval(secs => %(viewer_seconds)s)
        FROM unnest(kept.times) AS now (at)
        ORDER BY now.at DESC OFFSET %(all_feeds_tries)s - 1 LIMIT 1) - clock_timestamp())::float
        AS retry_after

-- name: take
-- Counts a try before its passcode is looked at, unless the viewer or the feed has had too many: then
-- nothing is written, and retry_after says for how many seconds. A try that was counted is not counted
-- again while it is kept; one that comes back later than that is a new one. The row is locked from reading
-- to writing, so tries at once are counted one after another.
INSERT INTO feed_access_attempts AS kept (owner_id, viewers, ids, times)
VALUES (%(owner_id)s, ARRAY[%(user_id)s]::uuid[], ARRAY[%(id)s]::uuid[], ARRAY[clock_timestamp()])
ON CONFLICT (owner_id) DO UPDATE SET (viewers, ids, times) = (
    WITH old AS MATERIALIZED (
        SELECT old.viewer, old.id, old.at
        FROM unnest(kept.viewers, kept.ids, kept.times) AS old (viewer, id, at)
        WHERE old.at > clock_timestamp() - make_interval(
            secs => greatest(%(viewer_seconds)s, %(owner_seconds)s)))
    SELECT array_agg(tries.viewer ORDER BY tries.at), array_agg(tries.id ORDER BY tries.at),
           array_agg(tries.at ORDER BY tries.at)
    FROM (SELECT viewer, id, at FROM old
          UNION ALL
          SELECT %(user_id)s::uuid, %(id)s::uuid, clock_timestamp()
          WHERE (SELECT count(*) FILTER (WHERE viewer = %(user_id)s AND id = %(id)s) = 0
                    AND count(*) FILTER (
                        WHERE viewer = %(user_id)s
                          AND at > clock_timestamp() - make_interval(secs => %(viewer_seconds)s)
                    ) < %(viewer_tries)s
                    AND count(*) FILTER (
                        WHERE at > clock_timestamp() - make_interval(secs => %(owner_seconds)s)
                    ) < %(owner_tries)s
                 FROM old)
         ) AS tries)
RETURNING
    EXISTS (SELECT FROM unnest(kept.viewers, kept.ids) AS now (viewer, id)
            WHERE now.viewer = %(user_id)s AND now.id = %(id)s) AS is_counted,
    extract(epoch FROM greatest(
        (SELECT now.at + make_interval(secs => %(viewer_seconds)s)
         FROM unnest(kept.viewers, kept.times) AS now (viewer, at)
         WHERE now.viewer = %(user_id)s
         ORDER BY now.at DESC OFFSET %(viewer_tries)s - 1 LIMIT 1),
        (SELECT now.at + make_interval(secs => %(owner_seconds)s)
         FROM unnest(kept.times) AS now (at)
         ORDER BY now.at DESC OFFSET %(owner_tries)s - 1 LIMIT 1)) - clock_timestamp())::float
        AS retry_after
