-- The runs of a system's schedules: one row a schedule, its last run. A database of a system with
-- schedules has this table in its own migrations:
--
--   CREATE TABLE schedule_runs (
--       schedule         text             NOT NULL,
--       expected_since   timestamptz      NOT NULL DEFAULT clock_timestamp(),
--       last_run_at      timestamptz,
--       last_run_id      text,
--       last_run_seconds double precision,
--       last_success_at  timestamptz,
--       last_error       text,
--       CONSTRAINT schedule_runs_pkey PRIMARY KEY (schedule)
--   );

-- name: note_run
-- last_error is the kind of the error, null after a success. The run's id leads to the log.
INSERT INTO schedule_runs AS stored
    (schedule, last_run_at, last_run_id, last_run_seconds, last_success_at, last_error)
SELECT %(schedule)s, at, %(run_id)s, %(seconds)s, CASE WHEN %(error)s::text IS NULL THEN at END,
       %(error)s
FROM clock_timestamp() AS at
ON CONFLICT (schedule) DO UPDATE
    SET last_run_at = excluded.last_run_at, last_run_id = excluded.last_run_id,
        last_run_seconds = excluded.last_run_seconds, last_error = excluded.last_error,
        last_success_at = coalesce(excluded.last_success_at, stored.last_success_at)

-- name: expect
-- A schedule that never ran is missed from its first mention on.
INSERT INTO schedule_runs (schedule)
SELECT unnest(%(schedules)s)
ON CONFLICT (schedule) DO NOTHING

-- name: read_runs
SELECT schedule, last_run_at, last_run_id, last_run_seconds, last_success_at, last_error,
       extract(epoch FROM clock_timestamp() - coalesce(last_success_at, expected_since))::float8
           AS without_success_seconds
FROM schedule_runs
WHERE schedule = ANY(%(schedules)s)
ORDER BY schedule
