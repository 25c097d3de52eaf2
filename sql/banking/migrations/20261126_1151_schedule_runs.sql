-- additive
-- The last run of each schedule, so that a failing or missing one is seen.
--
-- Rollback:
--   DROP TABLE schedule_runs;

BEGIN;

CREATE TABLE IF NOT EXISTS schedule_runs (
    schedule         text             NOT NULL,
    expected_since   timestamptz      NOT NULL DEFAULT clock_timestamp(),
    last_run_at      timestamptz,
    last_run_id      text,
    last_run_seconds double precision,
    last_success_at  timestamptz,
    last_error       text,
    CONSTRAINT schedule_runs_pkey PRIMARY KEY (schedule)
);

COMMIT;
