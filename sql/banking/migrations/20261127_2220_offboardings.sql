-- additive
-- Offboardings: banks that leave, and what is to be erased of them.
--
-- Rollback:
--   DROP FUNCTION has_left;
--   DROP TABLE offboardings;
--   ALTER TABLE archives DROP COLUMN erased_at;

BEGIN;

-- A consumer that leaves. Until due_at all is kept, and it can be taken back; then it is ending: its customers are
-- erased, its files and queues deleted. was_active: its status before. key_id is the public id of the API key.
CREATE TABLE IF NOT EXISTS offboardings (
    offboarding_id  uuid        NOT NULL,
    consumer_id     uuid        NOT NULL,
    status          text        NOT NULL DEFAULT 'waiting',
    was_active      boolean     NOT NULL,
    reason          text        NOT NULL,
    key_id          uuid        NOT NULL,
    actor           text        NOT NULL DEFAULT '',
    request_id      text        NOT NULL,
    waits_for       text,
    erased_count    bigint      NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at          timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at     timestamptz,
    CONSTRAINT offboardings_pkey PRIMARY KEY (offboarding_id),
    CONSTRAINT offboardings_status_check
        CHECK (status IN ('waiting', 'ending', 'done', 'taken_back')),
    CONSTRAINT offboardings_finished_check
        CHECK ((status IN ('done', 'taken_back')) = (finished_at IS NOT NULL))
);

-- A consumer leaves once.
CREATE UNIQUE INDEX IF NOT EXISTS offboardings_one
    ON offboardings (consumer_id) WHERE status <> 'taken_back';
CREATE INDEX IF NOT EXISTS offboardings_by_consumer ON offboardings (consumer_id, created_at DESC);

-- Whether a consumer has left, or is being ended: its queues are gone or go, and nobody declares them again.
CREATE OR REPLACE FUNCTION has_left(of_consumer uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM offboardings o
                   WHERE o.consumer_id = of_consumer AND o.status IN ('ending', 'done'))
$$;

-- The file is deleted: what its events told is gone.
ALTER TABLE archives ADD COLUMN IF NOT EXISTS erased_at timestamptz;

GRANT SELECT, INSERT, UPDATE ON offboardings TO fintegrate_app;
GRANT UPDATE (erased_at) ON archives TO fintegrate_app;

COMMIT;
