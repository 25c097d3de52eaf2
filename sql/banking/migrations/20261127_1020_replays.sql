-- additive
-- Replays: jobs that publish chosen events again, slowly and beside the live ones.
--
-- Rollback:
--   DROP TABLE replay_batches, replays;

BEGIN;

-- A job that publishes events of a consumer again. Its events are in replay_batches; `cursor` counts those that
-- are dealt with, and `ahead` names the ones that are dealt with behind it. A job is done when nothing is left. worker_id
-- holds it until lease_until. From look_at on somebody may look whether it still waits; outbox_count is what
-- waited in the consumer's outbox at the last look. is_counted: no confirmation is counted any more.
CREATE TABLE IF NOT EXISTS replays (
    job_id          uuid        NOT NULL,
    consumer_id     uuid        NOT NULL,
    status          text        NOT NULL,
    mode            text        NOT NULL,
    filter_json     jsonb       NOT NULL,
    filter_hash     text        NOT NULL,
    include_late    boolean     NOT NULL,
    per_second      integer     NOT NULL,
    reason          text,
    actor           text        NOT NULL DEFAULT '',
    request_id      text        NOT NULL,
    matched         bigint      NOT NULL,
    sent            bigint      NOT NULL DEFAULT 0,
    refused         bigint      NOT NULL DEFAULT 0,
    left_out        bigint      NOT NULL DEFAULT 0,
    confirmed_again bigint      NOT NULL DEFAULT 0,
    cursor          bigint      NOT NULL DEFAULT 0,
    ahead           uuid[]      NOT NULL DEFAULT '{}',
    per_second_now  integer     NOT NULL DEFAULT 0,
    outbox_count    integer     NOT NULL DEFAULT 0,
    is_counted      boolean     NOT NULL DEFAULT false,
    waits_for       text,
    look_at         timestamptz,
    worker_id       uuid,
    lease_until     timestamptz,
    last_sent_at    timestamptz,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at      timestamptz,
    updated_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at     timestamptz,
    CONSTRAINT replays_pkey PRIMARY KEY (job_id),
    CONSTRAINT replays_status_check
        CHECK (status IN ('queued', 'running', 'paused', 'cancelled', 'done')),
    CONSTRAINT replays_mode_check CHECK (mode IN ('missed', 'all')),
    CONSTRAINT replays_per_second_check CHECK (per_second BETWEEN 1 AND 500),
    CONSTRAINT replays_cursor_check CHECK (sent + refused + left_out = cursor + cardinality(ahead)),
    CONSTRAINT replays_done_check CHECK ((status = 'done') = (matched = sent + refused + left_out)),
    CONSTRAINT replays_confirmed_check CHECK (confirmed_again BETWEEN 0 AND sent),
    CONSTRAINT replays_finished_check
        CHECK ((status IN ('cancelled', 'done')) = (finished_at IS NOT NULL))
);

CREATE UNIQUE INDEX IF NOT EXISTS replays_one_at_a_time
    ON replays (consumer_id) WHERE status = 'running';
CREATE UNIQUE INDEX IF NOT EXISTS replays_same_filter
    ON replays (consumer_id, filter_hash) WHERE status IN ('queued', 'running', 'paused');
CREATE INDEX IF NOT EXISTS replays_by_consumer
    ON replays (consumer_id, created_at DESC, job_id DESC);
-- What a worker looks for: unfinished jobs, and finished ones whose confirmations are still counted.
CREATE INDEX IF NOT EXISTS replays_unfinished
    ON replays (created_at) WHERE status IN ('queued', 'running', 'paused');
CREATE INDEX IF NOT EXISTS replays_not_counted
    ON replays (finished_at) WHERE finished_at IS NOT NULL AND NOT is_counted;

-- The events of a job, a hundred a row, in the order in which they are sent. confirmed: how many of them the
-- consumer has processed since they were sent, as of checked_at. Rows go when there is nothing more to count.
CREATE TABLE IF NOT EXISTS replay_batches (
    job_id     uuid     NOT NULL,
    number     integer  NOT NULL,
    event_ids  uuid[]   NOT NULL,
    confirmed  integer  NOT NULL DEFAULT 0,
    checked_at timestamptz,
    CONSTRAINT replay_batches_pkey PRIMARY KEY (job_id, number)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON replays, replay_batches TO fintegrate_app;

COMMIT;
