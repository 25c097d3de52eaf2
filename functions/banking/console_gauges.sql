-- name: read_counts
-- Sessions that live, and jobs that are not finished, by status.
SELECT (SELECT count(*) FROM console_sessions
        WHERE ended_at IS NULL AND expires_at > clock_timestamp()
          AND last_used_at > clock_timestamp() - make_interval(mins => %(idle_minutes)s)) AS sessions,
       count(*) FILTER (WHERE status = 'queued') AS queued,
       count(*) FILTER (WHERE status = 'running') AS running,
       count(*) FILTER (WHERE status = 'paused') AS paused
FROM replays
WHERE status IN ('queued', 'running', 'paused')
