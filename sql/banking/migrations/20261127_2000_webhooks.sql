-- additive
-- Ordered webhooks: a bank that has a row in `webhooks` is called, and reads no queue.
--
-- Code from before would publish to the queues of such banks: before it is deployed again, give each of them its
-- queue back (POST /consumer/delivery).
--
-- Rollback:
--   DROP TABLE IF EXISTS webhook_tests, webhook_copies, webhook_turns, webhooks;
--   DROP FUNCTION IF EXISTS takes_webhooks(uuid);

BEGIN;

-- A consumer that is called instead of reading a queue, and the health of its server: its lane. secret_seeds: of what
-- the secrets that sign are derived, the newest first; the one before signs until former_until. last_delivered_at: the
-- last 2xx.
CREATE TABLE IF NOT EXISTS webhooks (
    consumer_id       uuid        NOT NULL,
    url               text        NOT NULL,
    max_in_flight     integer     NOT NULL,
    timeout_seconds   integer     NOT NULL,
    secret_seeds      text[]      NOT NULL,
    secret_made_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    former_until      timestamptz,
    state             text        NOT NULL DEFAULT 'open',
    reason            text,
    since             timestamptz NOT NULL DEFAULT clock_timestamp(),
    failures          integer     NOT NULL DEFAULT 0,
    refusals          integer     NOT NULL DEFAULT 0,
    open_until        timestamptz,
    probe_token       uuid,
    last_served_at    timestamptz,
    last_delivered_at timestamptz,
    created_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    configured_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT webhooks_pkey PRIMARY KEY (consumer_id),
    CONSTRAINT webhooks_secret_seeds_check CHECK (cardinality(secret_seeds) BETWEEN 1 AND 2),
    CONSTRAINT webhooks_url_check CHECK (char_length(url) <= 2000),
    CONSTRAINT webhooks_max_in_flight_check CHECK (max_in_flight BETWEEN 1 AND 100),
    CONSTRAINT webhooks_timeout_check CHECK (timeout_seconds BETWEEN 1 AND 30),
    CONSTRAINT webhooks_state_check CHECK (state IN ('open', 'waiting', 'failing', 'blocked'))
);

-- Whose turn it is at a customer: at most one event of each is under way. lease_until: somebody sends it until then.
-- Without a lease the row says when its event may be tried again; it holds back no other event.
CREATE TABLE IF NOT EXISTS webhook_turns (
    customer_id     uuid        NOT NULL,
    consumer_id     uuid        NOT NULL,
    event_id        uuid        NOT NULL,
    lease_token     uuid,
    lease_until     timestamptz,
    next_attempt_at timestamptz NOT NULL,
    last_attempt_at timestamptz,
    CONSTRAINT webhook_turns_pkey PRIMARY KEY (customer_id),
    CONSTRAINT webhook_turns_lease_check CHECK ((lease_token IS NULL) = (lease_until IS NULL))
);

CREATE INDEX IF NOT EXISTS webhook_turns_of_consumer
    ON webhook_turns (consumer_id, next_attempt_at);

-- Copies of events to be sent at due_at. A copy by `webhook` goes only if the bank has not said by then what became of
-- the event; others were asked for, by a sweep or a job. goes_first: later events of its customer wait for it, due or
-- not, as a rewind wants it. tries: how often the bank's server has refused it.
CREATE TABLE IF NOT EXISTS webhook_copies (
    event_id    uuid        NOT NULL,
    consumer_id uuid        NOT NULL,
    customer_id uuid        NOT NULL,
    sequence    bigint      NOT NULL,
    due_at      timestamptz NOT NULL,
    by          text        NOT NULL DEFAULT 'webhook',
    goes_first  boolean     NOT NULL DEFAULT false,
    tries       integer     NOT NULL DEFAULT 0,
    CONSTRAINT webhook_copies_pkey PRIMARY KEY (event_id)
);

CREATE INDEX IF NOT EXISTS webhook_copies_due
    ON webhook_copies (consumer_id, due_at);
CREATE INDEX IF NOT EXISTS webhook_copies_of_customer
    ON webhook_copies (customer_id, sequence);
CREATE INDEX IF NOT EXISTS webhook_copies_refused
    ON webhook_copies (consumer_id) WHERE goes_first AND tries > 0;

-- Test events that an admin has asked for, and what was answered. They go whatever the state of the lane.
CREATE TABLE IF NOT EXISTS webhook_tests (
    test_id     uuid        NOT NULL DEFAULT gen_random_uuid(),
    consumer_id uuid        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    taken_at    timestamptz,
    answered_at timestamptz,
    outcome     text,
    message     text,
    http_status integer,
    duration_ms integer,
    CONSTRAINT webhook_tests_pkey PRIMARY KEY (test_id)
);

CREATE INDEX IF NOT EXISTS webhook_tests_waiting
    ON webhook_tests (consumer_id, created_at) WHERE taken_at IS NULL;

-- Whether a consumer is called, for the statement that writes an event of it. Until the event is committed the
-- kind of delivery cannot change: whoever changes it takes the same lock alone, and sees every event that was
-- written before. The lock is in memory only. Planned once per connection.
CREATE OR REPLACE FUNCTION takes_webhooks(of_consumer uuid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(8, hashtext(of_consumer::text));
    RETURN EXISTS (SELECT FROM webhooks WHERE consumer_id = of_consumer);
END
$$;

COMMIT;
