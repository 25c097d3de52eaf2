-- additive
-- Onboardings: the steps that make a bank, written down, so that they are resumed or undone.
--
-- Rollback:
--   DROP TRIGGER consumers_kept ON consumers;
--   DROP FUNCTION refuse_consumer_removal;
--   DROP TABLE onboardings;

BEGIN;

-- A saga that makes a bank. consumer_id is chosen when it begins, so that each step may be repeated. wanted: what
-- was asked for, at its end without the address. done and undone: each step's name and when that was written down. tries: of the step that is
-- next; look_at: not before that the schedule tries it. worker_id holds the saga until lease_until. ready: all but
-- the secrets is made. failed_step: why it is undone, if no person gave it up. Nothing secret is in it.
CREATE TABLE IF NOT EXISTS onboardings (
    consumer_id   uuid        NOT NULL,
    consumer_name text        NOT NULL,
    state         text        NOT NULL DEFAULT 'running',
    wanted        jsonb       NOT NULL,
    done          jsonb       NOT NULL DEFAULT '{}',
    undone        jsonb       NOT NULL DEFAULT '{}',
    tries         integer     NOT NULL DEFAULT 0,
    reason        text,
    failed_step   text,
    look_at       timestamptz,
    worker_id     uuid,
    lease_until   timestamptz,
    actor         text        NOT NULL DEFAULT '',
    request_id    text        NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at   timestamptz,
    CONSTRAINT onboardings_pkey PRIMARY KEY (consumer_id),
    CONSTRAINT onboardings_name_check CHECK (consumer_name ~ '^[a-z0-9_]{1,64}$'),
    CONSTRAINT onboardings_state_check
        CHECK (state IN ('running', 'ready', 'undoing', 'done', 'undone')),
    CONSTRAINT onboardings_finished_check
        CHECK ((state IN ('done', 'undone')) = (finished_at IS NOT NULL)),
    CONSTRAINT onboardings_failed_check
        CHECK (failed_step IS NULL OR state IN ('undoing', 'undone'))
);

-- A name has one onboarding at a time; also what the schedule looks for.
CREATE UNIQUE INDEX IF NOT EXISTS onboardings_one_at_a_time
    ON onboardings (consumer_name) WHERE state IN ('running', 'ready', 'undoing');
CREATE INDEX IF NOT EXISTS onboardings_by_age ON onboardings (created_at DESC, consumer_id DESC);
CREATE INDEX IF NOT EXISTS onboardings_by_name ON onboardings (consumer_name, created_at DESC);

-- A consumer goes only while its onboarding is undone, when nobody can have had its key.
CREATE OR REPLACE FUNCTION refuse_consumer_removal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_consumer CONSTANT uuid := OLD.consumer_id;
BEGIN
    IF NOT EXISTS (SELECT FROM onboardings o
                   WHERE o.consumer_id = of_consumer AND o.state = 'undoing')
       OR EXISTS (SELECT FROM consumer_api_keys k WHERE k.consumer_id = of_consumer)
       OR EXISTS (SELECT FROM customers c WHERE c.consumer_id = of_consumer)
       OR EXISTS (SELECT FROM customer_events e WHERE e.consumer_id = of_consumer) THEN
        RAISE EXCEPTION 'a consumer is removed only while its onboarding is undone'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE OR REPLACE TRIGGER consumers_kept
    BEFORE DELETE ON consumers
    FOR EACH ROW EXECUTE FUNCTION refuse_consumer_removal();

COMMIT;
