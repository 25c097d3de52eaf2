-- Jobs that empty a consumer's queue and publish its events again, in order (POST /events/rewind).
-- While a job of a consumer is not done, it holds back the consumer's publishing. Before a rollback every
-- job must be done: older code does not ask for the hold, so this is not additive.
--
-- Rollback:
--   DROP TABLE replay_jobs;

BEGIN;

CREATE TABLE IF NOT EXISTS replay_jobs (
    job_id            uuid        NOT NULL DEFAULT gen_random_uuid(),
    consumer_id       uuid        NOT NULL,
    kind              text        NOT NULL DEFAULT 'rewind',
    status            text        NOT NULL DEFAULT 'held',
    from_at           timestamptz NOT NULL,
    include_processed boolean     NOT NULL,
    reason            text        NOT NULL,
    request_id        text        NOT NULL,
    waits_for         text,
    quiet_after       timestamptz,
    quiet_xid         xid8,
    until_at          timestamptz,
    after_created_at  timestamptz,
    after_event_id    uuid,
    sent_count        bigint      NOT NULL DEFAULT 0,
    created_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at       timestamptz,
    CONSTRAINT replay_jobs_pkey PRIMARY KEY (job_id),
    CONSTRAINT replay_jobs_kind_check CHECK (kind IN ('rewind')),
    CONSTRAINT replay_jobs_status_check CHECK (status IN ('held', 'publishing', 'done')),
    CONSTRAINT replay_jobs_until_at_check CHECK ((status = 'held') = (until_at IS NULL)),
    CONSTRAINT replay_jobs_finished_at_check CHECK ((status = 'done') = (finished_at IS NOT NULL))
);

CREATE UNIQUE INDEX IF NOT EXISTS replay_jobs_one_at_a_time
    ON replay_jobs (consumer_id) WHERE status <> 'done';
CREATE INDEX IF NOT EXISTS replay_jobs_by_consumer ON replay_jobs (consumer_id, created_at DESC);

COMMIT;
