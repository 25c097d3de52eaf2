-- The result of the migrations, for readers. A test compares the two, so change this file in the same
-- commit as the migration. Times are timestamptz in UTC. The base tables have no foreign keys, so that
-- a table can be archived or moved separately. The statements keep them consistent.

-- ---------------------------------------------------------------------------------------------
-- Tenants and their keys
-- ---------------------------------------------------------------------------------------------

-- A consumer is an external banking system: the tenant. It is never deleted, only deactivated, unless its
-- onboarding is undone. Its name never changes, because its queues are named after it; display_name may.
CREATE TABLE consumers (
    consumer_id  uuid        NOT NULL DEFAULT gen_random_uuid(),
    name         text        NOT NULL,
    status       text        NOT NULL DEFAULT 'active',
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    display_name text,
    message_format text      NOT NULL DEFAULT 'json',
    CONSTRAINT consumers_pkey PRIMARY KEY (consumer_id),
    CONSTRAINT consumers_name_key UNIQUE (name),
    CONSTRAINT consumers_name_check CHECK (name ~ '^[a-z0-9_]{1,64}$'),
    CONSTRAINT consumers_status_check CHECK (status IN ('active', 'deactivated')),
    CONSTRAINT consumers_display_name_check CHECK (char_length(display_name) BETWEEN 1 AND 255),
    CONSTRAINT consumers_message_format_check CHECK (message_format IN ('json', 'xml'))
);

-- A consumer's user of the broker: what is wanted. Each change is a new wanted_revision. The function
-- broker_admin brings it about and writes down in applied_revision which one the broker fulfils.
-- password_hash is in RabbitMQ's form; no access has none. observed_at and connection_count are facts.
CREATE TABLE broker_access (
    consumer_id      uuid        NOT NULL,
    username         text        NOT NULL,
    password_hash    text,
    wanted_revision  bigint      NOT NULL DEFAULT 1,
    applied_revision bigint      NOT NULL DEFAULT 0,
    made_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked_at       timestamptz,
    applied_at       timestamptz,
    connection_count integer,
    observed_at      timestamptz,
    CONSTRAINT broker_access_pkey PRIMARY KEY (consumer_id),
    CONSTRAINT broker_access_username_key UNIQUE (username),
    CONSTRAINT broker_access_revoked_check CHECK ((revoked_at IS NULL) = (password_hash IS NOT NULL)),
    CONSTRAINT broker_access_revision_check CHECK (applied_revision <= wanted_revision)
);

-- A saga that makes a bank. consumer_id is chosen when it begins, so that each step may be repeated. wanted: what
-- was asked for, at its end without the address. done and undone: each step's name and when that was written down. tries: of the step that is
-- next; look_at: not before that the schedule tries it. worker_id holds the saga until lease_until. ready: all but
-- the secrets is made. failed_step: why it is undone, if no person gave it up. Nothing secret is in it.
CREATE TABLE onboardings (
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
CREATE UNIQUE INDEX onboardings_one_at_a_time
    ON onboardings (consumer_name) WHERE state IN ('running', 'ready', 'undoing');
CREATE INDEX onboardings_by_age ON onboardings (created_at DESC, consumer_id DESC);
CREATE INDEX onboardings_by_name ON onboardings (consumer_name, created_at DESC);

-- A consumer goes only while its onboarding is undone, when nobody can have had its key.
CREATE FUNCTION refuse_consumer_removal() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE TRIGGER consumers_kept
    BEFORE DELETE ON consumers
    FOR EACH ROW EXECUTE FUNCTION refuse_consumer_removal();

-- key_id is the public id in the key. Only the bcrypt hash of the secret is stored. A key that was
-- replaced with an overlap works until its expires_at, which the rotation has brought forward.
CREATE TABLE consumer_api_keys (
    key_id         uuid        NOT NULL DEFAULT gen_random_uuid(),
    consumer_id    uuid        NOT NULL,
    api_key_hash   text        NOT NULL,
    api_key_status text        NOT NULL DEFAULT 'active',
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    replaced_at    timestamptz,
    CONSTRAINT consumer_api_keys_pkey PRIMARY KEY (key_id),
    CONSTRAINT consumer_api_keys_status_check
        CHECK (api_key_status IN ('active', 'expired', 'deactivated'))
);

-- At most one active key per consumer, and beside it one that was replaced and still works.
CREATE UNIQUE INDEX consumer_api_keys_one_active
    ON consumer_api_keys (consumer_id, (replaced_at IS NULL)) WHERE api_key_status = 'active';
-- A consumer's newest key, whatever its status.
CREATE INDEX consumer_api_keys_by_consumer ON consumer_api_keys (consumer_id, created_at DESC);
-- For expire_api_keys.
CREATE INDEX consumer_api_keys_due ON consumer_api_keys (expires_at) WHERE api_key_status = 'active';

-- A row per consumer, written by the schedule count_usage. The counts are of what was written before
-- counted_until; the flags are of all that was written when it ran. events_of_day is of the UTC day `day`.
CREATE TABLE consumer_usage (
    consumer_id    uuid        NOT NULL,
    day            date        NOT NULL,
    events_of_day  bigint      NOT NULL,
    customers      bigint      NOT NULL,
    counted_until  timestamptz NOT NULL,
    events_full    boolean     NOT NULL,
    customers_full boolean     NOT NULL,
    snapshots      bigint      NOT NULL DEFAULT 0,
    snapshots_full boolean     NOT NULL DEFAULT false,
    CONSTRAINT consumer_usage_pkey PRIMARY KEY (consumer_id)
);

-- ---------------------------------------------------------------------------------------------
-- Customers
-- ---------------------------------------------------------------------------------------------

-- event_sequence is the sequence of the customer's newest event. Every change of a customer updates
-- this row first. So its lock puts the customer's events in commit order without gaps.
CREATE TABLE customers (
    customer_id    uuid        NOT NULL DEFAULT gen_random_uuid(),
    consumer_id    uuid        NOT NULL,
    name           text        NOT NULL,
    status         text        NOT NULL DEFAULT 'ACTIVE',
    event_sequence bigint      NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT customers_pkey PRIMARY KEY (customer_id),
    CONSTRAINT customers_name_check CHECK (char_length(name) BETWEEN 1 AND 255),
    CONSTRAINT customers_status_check CHECK (status IN ('ACTIVE', 'INACTIVE')),
    CONSTRAINT customers_event_sequence_check CHECK (event_sequence >= 1)
);

CREATE INDEX customers_by_consumer
    ON customers (consumer_id, created_at DESC, customer_id DESC);

CREATE TABLE customer_tags (
    customer_id uuid        NOT NULL,
    tag_key     text        NOT NULL,
    tag_value   text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT customer_tags_pkey PRIMARY KEY (customer_id, tag_key),
    CONSTRAINT customer_tags_key_check CHECK (char_length(tag_key) BETWEEN 1 AND 100),
    CONSTRAINT customer_tags_value_check CHECK (char_length(tag_value) <= 1000)
);

CREATE INDEX customer_tags_by_key ON customer_tags (tag_key, customer_id);

-- Snapshots stay when their customer is deleted. A snapshot that is not whole stores what changed since
-- the one before it (JSON Merge Patch, RFC 7396). The first is whole, and so is every twentieth.
CREATE TABLE customer_analytics (
    snapshot_id  uuid        NOT NULL DEFAULT gen_random_uuid(),
    customer_id  uuid        NOT NULL,
    consumer_id  uuid        NOT NULL,
    snapshot_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    tags_json    jsonb       NOT NULL,
    metrics_json jsonb       NOT NULL,
    whole        boolean     NOT NULL DEFAULT true,
    CONSTRAINT customer_analytics_pkey PRIMARY KEY (snapshot_id)
);

CREATE INDEX customer_analytics_by_customer
    ON customer_analytics (customer_id, snapshot_at DESC, snapshot_id DESC);
-- For count_usage.
CREATE INDEX customer_analytics_by_consumer
    ON customer_analytics (consumer_id, snapshot_at);

-- ---------------------------------------------------------------------------------------------
-- The outbox
-- ---------------------------------------------------------------------------------------------

-- One row per event, written in the transaction of its change. customer_id is the event's subject: the
-- customer, or for consumer_created the new consumer. publish_given_up_at: when a person gave the event up
-- (skip-head). sent_late_at: when it was sent after a later event of its customer had been written.
CREATE TABLE customer_events (
    event_id                uuid        NOT NULL DEFAULT gen_random_uuid(),
    consumer_id             uuid        NOT NULL,
    customer_id             uuid        NOT NULL,
    sequence                bigint      NOT NULL,
    event_type              text        NOT NULL,
    source_service          text        NOT NULL,
    payload_json            jsonb       NOT NULL,
    metadata_json           jsonb       NOT NULL,
    created_at              timestamptz NOT NULL,
    publish_status          text        NOT NULL DEFAULT 'pending',
    published_at            timestamptz,
    publish_try_count       integer     NOT NULL DEFAULT 1,
    publish_last_tried_at   timestamptz,
    publish_failure_reason  text,
    deliver_status          text        NOT NULL DEFAULT 'pending',
    delivered_at            timestamptz,
    deliver_try_count       integer     NOT NULL DEFAULT 0,
    deliver_last_tried_at   timestamptz,
    deliver_failure_reason  text,
    publish_given_up_at     timestamptz,
    sent_late_at            timestamptz,
    CONSTRAINT customer_events_pkey PRIMARY KEY (event_id),
    CONSTRAINT customer_events_sequence_key UNIQUE (customer_id, sequence),
    CONSTRAINT customer_events_sequence_check CHECK (sequence >= 1),
    CONSTRAINT customer_events_type_check CHECK (event_type IN
        ('customer_creation', 'customer_deletion', 'customer_status_change', 'consumer_created')),
    CONSTRAINT customer_events_publish_status_check
        CHECK (publish_status IN ('pending', 'published', 'failed')),
    CONSTRAINT customer_events_deliver_status_check
        CHECK (deliver_status IN ('pending', 'delivered', 'failed')),
    CONSTRAINT customer_events_published_at_check
        CHECK ((publish_status = 'published') = (published_at IS NOT NULL)),
    CONSTRAINT customer_events_delivered_at_check
        CHECK ((deliver_status = 'delivered') = (delivered_at IS NOT NULL))
);

CREATE INDEX customer_events_by_consumer
    ON customer_events (consumer_id, created_at DESC, event_id DESC);

-- Only waiting events, so that the cost of finding them does not depend on the table's size; by consumer,
-- so that it does not depend on another's backlog either. What is included lets a count read nothing else.
CREATE INDEX customer_events_waiting_of_consumer
    ON customer_events (consumer_id, created_at, event_id) INCLUDE (customer_id, sequence)
    WHERE publish_status = 'pending';
CREATE INDEX customer_events_pending_by_customer
    ON customer_events (customer_id, sequence) WHERE publish_status = 'pending';
CREATE INDEX customer_events_undelivered_of_consumer
    ON customer_events (consumer_id, created_at, event_id)
    WHERE publish_status = 'published' AND deliver_status = 'pending';
CREATE INDEX customer_events_publish_failed_of_consumer
    ON customer_events (consumer_id, created_at, event_id) WHERE publish_status = 'failed';
CREATE INDEX customer_events_delivery_failed_of_consumer
    ON customer_events (consumer_id, created_at, event_id) WHERE deliver_status = 'failed';
-- For lists: a new event has no reason.
CREATE INDEX customer_events_with_reason
    ON customer_events (consumer_id, created_at, event_id)
    WHERE publish_failure_reason IS NOT NULL OR deliver_failure_reason IS NOT NULL;
CREATE INDEX customer_events_of_rare_type
    ON customer_events (consumer_id, created_at, event_id)
    WHERE event_type IN ('customer_deletion', 'consumer_created');
-- The last sequence of a deleted customer. The columns never change, so only a deletion writes to it.
CREATE INDEX customer_events_deletions
    ON customer_events (customer_id, sequence) INCLUDE (consumer_id)
    WHERE event_type = 'customer_deletion';
-- Events that were published more than five seconds after their commit, by when that was. The others are found by
-- when they were committed.
CREATE INDEX customer_events_published_slowly
    ON customer_events (published_at) INCLUDE (consumer_id, created_at)
    WHERE published_at - created_at > interval '5 seconds';
-- Events that were sent again, by when that was.
CREATE INDEX customer_events_redelivered
    ON customer_events (deliver_last_tried_at) INCLUDE (consumer_id)
    WHERE deliver_last_tried_at IS NOT NULL;

-- Whoever sends X-Request-Id chooses it, so it may be that of any number of events: the newest come first.
CREATE INDEX customer_events_by_request
    ON customer_events (consumer_id, (metadata_json ->> 'request_id'), created_at DESC)
    WHERE metadata_json ? 'request_id';
CREATE INDEX customer_events_by_trace
    ON customer_events (consumer_id, substr(metadata_json ->> 'traceparent', 4, 32), created_at DESC)
    WHERE metadata_json ? 'traceparent';

-- Who had a customer erased, when and why. It is done from finished_at on. Rows stay as they are: that is how
-- the platform answers whether it has forgotten somebody. key_id is the public id of the API key. forgotten_at: since
-- when no file of archived events tells of the customer.
CREATE TABLE erasures (
    customer_id uuid        NOT NULL,
    consumer_id uuid        NOT NULL,
    reason      text        NOT NULL,
    key_id      uuid        NOT NULL,
    actor       text,
    request_id  text        NOT NULL,
    begun_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    event_count bigint,
    forgotten_at timestamptz,
    CONSTRAINT erasures_pkey PRIMARY KEY (customer_id),
    CONSTRAINT erasures_finished_check CHECK ((finished_at IS NULL) = (event_count IS NULL))
);

CREATE INDEX erasures_by_consumer
    ON erasures (consumer_id, begun_at DESC, customer_id DESC);
CREATE INDEX erasures_unfinished ON erasures (begun_at) WHERE finished_at IS NULL;
CREATE INDEX erasures_to_forget
    ON erasures (finished_at) WHERE finished_at IS NOT NULL AND forgotten_at IS NULL;

-- What is left of an event's facts about a person. A name is a text in every message, so one stays.
CREATE FUNCTION erased_facts(facts jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('customer_id', facts -> 'customer_id', 'name', 'erased',
                              'status', facts -> 'status', 'erased', true)
$$;

-- Events are permanent: rows are never deleted but by the archive, and only their publish and delivery columns
-- may change. One change is allowed: the facts of a person who is in erasures become erased_facts, nothing else of the row
-- changes, and it is the owner who does it. The functions' user is the owner inside erase_events only.
-- Because of the column list the trigger does not run for allowed changes.
CREATE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    allowed customer_events;
BEGIN
    IF TG_OP = 'UPDATE'
       AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        allowed := OLD;
        allowed.payload_json := erased_facts(OLD.payload_json);
        IF NEW IS NOT DISTINCT FROM allowed
           AND EXISTS (SELECT FROM erasures
                       WHERE customer_id = OLD.customer_id AND consumer_id = OLD.consumer_id) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'customer_events is append-only: % refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;

-- Events are permanent: a row is deleted only if an archive has it whose file was read back and compared.
CREATE FUNCTION refuse_event_deletion() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM archived_events a
               JOIN archives f ON f.archive_id = a.archive_id
               WHERE a.event_id = OLD.event_id AND a.consumer_id = OLD.consumer_id
                 AND a.customer_id = OLD.customer_id AND a.sequence = OLD.sequence
                 AND f.consumer_id = OLD.consumer_id AND f.compared_sha256 = f.sha256
                 AND f.given_up_at IS NULL) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'customer_events is append-only: DELETE refused'
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER customer_events_no_delete
    BEFORE DELETE ON customer_events
    FOR EACH ROW EXECUTE FUNCTION refuse_event_deletion();
CREATE TRIGGER customer_events_no_truncate
    BEFORE TRUNCATE ON customer_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_event_change();
CREATE TRIGGER customer_events_immutable
    BEFORE UPDATE OF event_id, consumer_id, customer_id, sequence, event_type, source_service,
                     payload_json, metadata_json, created_at
    ON customer_events
    FOR EACH ROW EXECUTE FUNCTION refuse_event_change();

-- The history of an event: attempts that failed, every copy that was sent again, and what a person did to it.
-- A first success writes nothing: it stands in the event's own columns. caused_by: the request or the job behind
-- it; null for a schedule. outcome: how the broker answered, or what became of the event. words: the broker's or
-- the person's.
CREATE TABLE event_attempts (
    event_id    uuid        NOT NULL,
    attempt_id  bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    consumer_id uuid        NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    by          text        NOT NULL,
    outcome     text        NOT NULL,
    words       text,
    caused_by   text,
    CONSTRAINT event_attempts_pkey PRIMARY KEY (event_id, attempt_id),
    CONSTRAINT event_attempts_by_check CHECK (by IN
        ('request', 'resend', 'redeliver', 'replay', 'rewind', 'requeue', 'skip', 'webhook')),
    CONSTRAINT event_attempts_outcome_check CHECK (outcome IN
        ('confirmed', 'refused', 'nacked', 'unroutable', 'unconfirmed', 'unsent', 'given_up', 'reopened',
         'given_back'))
);

-- For purge.
CREATE INDEX event_attempts_by_age ON event_attempts (at);

-- A bank whose queue nacks. A row ends when a probe, the bank's oldest event alone, is confirmed.
CREATE TABLE publishing_pauses (
    consumer_id uuid        NOT NULL,
    since       timestamptz NOT NULL DEFAULT clock_timestamp(),
    probe_at    timestamptz NOT NULL,
    reason      text        NOT NULL,
    CONSTRAINT publishing_pauses_pkey PRIMARY KEY (consumer_id)
);

-- A consumer that is called instead of reading a queue, and the health of its server: its lane. secret_seeds: of what
-- the secrets that sign are derived, the newest first; the one before signs until former_until. last_delivered_at: the
-- last 2xx.
CREATE TABLE webhooks (
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
CREATE TABLE webhook_turns (
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

CREATE INDEX webhook_turns_of_consumer
    ON webhook_turns (consumer_id, next_attempt_at);

-- Copies of events to be sent at due_at. A copy by `webhook` goes only if the bank has not said by then what became of
-- the event; others were asked for, by a sweep or a job. goes_first: later events of its customer wait for it, due or
-- not, as a rewind wants it. tries: how often the bank's server has refused it.
CREATE TABLE webhook_copies (
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

CREATE INDEX webhook_copies_due
    ON webhook_copies (consumer_id, due_at);
CREATE INDEX webhook_copies_of_customer
    ON webhook_copies (customer_id, sequence);
CREATE INDEX webhook_copies_refused
    ON webhook_copies (consumer_id) WHERE goes_first AND tries > 0;

-- Test events that an admin has asked for, and what was answered. They go whatever the state of the lane.
CREATE TABLE webhook_tests (
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

CREATE INDEX webhook_tests_waiting
    ON webhook_tests (consumer_id, created_at) WHERE taken_at IS NULL;

-- Receipts: the consumer's confirmation of an event. event_created_at is the event's created_at; a receipt from
-- before there was this column has it only if it says received.
CREATE TABLE consumer_event_receipts (
    receipt_id                uuid        NOT NULL DEFAULT gen_random_uuid(),
    consumer_id               uuid        NOT NULL,
    event_id                  uuid        NOT NULL,
    customer_id               uuid        NOT NULL,
    event_type                text        NOT NULL,
    received_at               timestamptz NOT NULL DEFAULT clock_timestamp(),
    processing_status         text        NOT NULL,
    processing_failure_reason text,
    created_at                timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at                timestamptz NOT NULL DEFAULT clock_timestamp(),
    event_created_at          timestamptz,
    CONSTRAINT consumer_event_receipts_pkey PRIMARY KEY (receipt_id),
    CONSTRAINT consumer_event_receipts_once UNIQUE (consumer_id, event_id),
    CONSTRAINT consumer_event_receipts_status_check
        CHECK (processing_status IN ('received', 'processed', 'failed'))
);

-- For purge.
CREATE INDEX consumer_event_receipts_by_age ON consumer_event_receipts (updated_at);
-- What waits at the bank, in the order of its events.
CREATE INDEX consumer_event_receipts_received_of_consumer
    ON consumer_event_receipts (consumer_id, event_created_at, event_id)
    WHERE processing_status = 'received';

-- A message from a dead-letter queue, stored unchanged. The fingerprint recognises a message that the
-- broker delivers again because its acknowledgement was lost. superseded: a later copy of the event had
-- been sent by then, or the letter is of an older epoch, so it changed nothing. resolved_*: who has seen to
-- it, and why; requeued_at: by sending it again. What is not resolved is open.
CREATE TABLE dead_letters (
    dead_letter_id  uuid        NOT NULL DEFAULT gen_random_uuid(),
    queue_name      text        NOT NULL,
    consumer_id     uuid,
    event_id        uuid,
    reason          text        NOT NULL,
    body            bytea       NOT NULL,
    properties_json jsonb       NOT NULL,
    fingerprint     text        NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    superseded      boolean     NOT NULL DEFAULT false,
    resolved_at     timestamptz,
    resolved_by     text,
    resolved_reason text,
    requeued_at     timestamptz,
    CONSTRAINT dead_letters_pkey PRIMARY KEY (dead_letter_id),
    CONSTRAINT dead_letters_fingerprint_key UNIQUE (fingerprint),
    CONSTRAINT dead_letters_resolved_check
        CHECK ((resolved_at IS NULL) = (resolved_by IS NULL)
               AND (resolved_at IS NULL) = (resolved_reason IS NULL)
               AND (resolved_at IS NOT NULL OR requeued_at IS NULL))
);

CREATE INDEX dead_letters_by_event ON dead_letters (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX dead_letters_by_consumer ON dead_letters (consumer_id, created_at DESC);
-- For code from before letters could be resolved.
CREATE INDEX dead_letters_unmatched ON dead_letters (created_at) WHERE event_id IS NULL;
-- Letters that match no event and are not resolved: an operator must examine them.
CREATE INDEX dead_letters_open_unmatched
    ON dead_letters (consumer_id) WHERE event_id IS NULL AND resolved_at IS NULL;
-- For lists, whose filters are any of these. What is included lets a count read nothing else.
CREATE INDEX dead_letters_listed
    ON dead_letters (consumer_id, (resolved_at IS NULL), (event_id IS NULL),
                     created_at, dead_letter_id)
    INCLUDE (resolved_at, event_id, reason);
CREATE INDEX dead_letters_by_reason
    ON dead_letters (consumer_id, reason, (resolved_at IS NULL), (event_id IS NULL),
                     created_at, dead_letter_id)
    INCLUDE (resolved_at, event_id);
-- For purge.
CREATE INDEX dead_letters_by_age ON dead_letters (created_at);

-- A job that empties a consumer's queue and publishes its events again, in order. While it is not done
-- it holds back the consumer's publishing. quiet_after and quiet_xid tell when all that may have looked
-- before is through; until_at is the end of its range; after_* is how far it has come. From emptying_at on
-- the queue may be gone. From cancelled_at on nothing more is sent: what the queue has lost becomes pending.
CREATE TABLE replay_jobs (
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
    emptying_at       timestamptz,
    cancelled_at      timestamptz,
    CONSTRAINT replay_jobs_pkey PRIMARY KEY (job_id),
    CONSTRAINT replay_jobs_kind_check CHECK (kind IN ('rewind')),
    CONSTRAINT replay_jobs_status_check CHECK (status IN ('held', 'publishing', 'done')),
    CONSTRAINT replay_jobs_until_at_check CHECK ((status = 'held') = (until_at IS NULL)),
    CONSTRAINT replay_jobs_finished_at_check CHECK ((status = 'done') = (finished_at IS NOT NULL))
);

CREATE UNIQUE INDEX replay_jobs_one_at_a_time
    ON replay_jobs (consumer_id) WHERE status <> 'done';
CREATE INDEX replay_jobs_by_consumer ON replay_jobs (consumer_id, created_at DESC);

-- A job that publishes events of a consumer again. Its events are in replay_batches; `cursor` counts those that
-- are dealt with, and `ahead` names the ones that are dealt with behind it. A job is done when nothing is left. worker_id
-- holds it until lease_until. From look_at on somebody may look whether it still waits; outbox_count is what
-- waited in the consumer's outbox at the last look. is_counted: no confirmation is counted any more. put_back: of
-- those that are sent, the ones that are pending again, and go with the outbox.
CREATE TABLE replays (
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
    put_back        bigint      NOT NULL DEFAULT 0,
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

CREATE UNIQUE INDEX replays_one_at_a_time
    ON replays (consumer_id) WHERE status = 'running';
CREATE UNIQUE INDEX replays_same_filter
    ON replays (consumer_id, filter_hash) WHERE status IN ('queued', 'running', 'paused');
CREATE INDEX replays_by_consumer
    ON replays (consumer_id, created_at DESC, job_id DESC);
-- What a worker looks for: unfinished jobs, and finished ones whose confirmations are still counted.
CREATE INDEX replays_unfinished
    ON replays (created_at) WHERE status IN ('queued', 'running', 'paused');
CREATE INDEX replays_not_counted
    ON replays (finished_at) WHERE finished_at IS NOT NULL AND NOT is_counted;

-- The events of a job, a hundred a row, in the order in which they are sent. confirmed: how many of them the
-- consumer has processed since they were sent, as of checked_at. Rows go when there is nothing more to count.
CREATE TABLE replay_batches (
    job_id     uuid     NOT NULL,
    number     integer  NOT NULL,
    event_ids  uuid[]   NOT NULL,
    confirmed  integer  NOT NULL DEFAULT 0,
    checked_at timestamptz,
    CONSTRAINT replay_batches_pkey PRIMARY KEY (job_id, number)
);

-- A job that writes a consumer's data into files. What was written until cut_at is in it: quiet_xid tells when
-- all that was under way then has ended. kind is what it writes now, after_* how far it has come within that,
-- file_count how many files are written. worker_id holds it until lease_until.
CREATE TABLE exports (
    export_id          uuid        NOT NULL,
    consumer_id     uuid        NOT NULL,
    status          text        NOT NULL DEFAULT 'running',
    cut_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    quiet_xid       xid8,
    kind            text        NOT NULL DEFAULT 'customers',
    after_at        timestamptz,
    after_id        uuid,
    file_count      integer     NOT NULL DEFAULT 0,
    reason          text,
    actor           text        NOT NULL DEFAULT '',
    request_id      text        NOT NULL,
    waits_for       text,
    worker_id       uuid,
    lease_until     timestamptz,
    manifest_key    text,
    manifest_sha256 text,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at     timestamptz,
    removed_at      timestamptz,
    CONSTRAINT exports_pkey PRIMARY KEY (export_id),
    CONSTRAINT exports_status_check CHECK (status IN ('running', 'done', 'removed')),
    CONSTRAINT exports_kind_check
        CHECK (kind IN ('customers', 'tags', 'snapshots', 'events', 'receipts', 'manifest')),
    CONSTRAINT exports_finished_check CHECK ((status = 'running') = (finished_at IS NULL)),
    CONSTRAINT exports_manifest_check
        CHECK (status <> 'done' OR (manifest_key IS NOT NULL AND manifest_sha256 IS NOT NULL)),
    CONSTRAINT exports_removed_check CHECK ((status = 'removed') = (removed_at IS NOT NULL))
);

CREATE UNIQUE INDEX exports_one_at_a_time
    ON exports (consumer_id) WHERE status = 'running';
CREATE INDEX exports_by_consumer ON exports (consumer_id, created_at DESC);
-- What a worker looks for: jobs to work on, and those whose files are to be deleted.
CREATE INDEX exports_kept ON exports (created_at) WHERE status <> 'removed';

-- The files of a job. A file without written_at may or may not be there: its key is known before it is written,
-- so that nothing is left behind.
CREATE TABLE export_files (
    export_id     uuid        NOT NULL,
    number     integer     NOT NULL,
    kind       text        NOT NULL,
    object_key text        NOT NULL,
    line_count integer     NOT NULL,
    size_bytes bigint      NOT NULL,
    sha256     text        NOT NULL,
    written_at timestamptz,
    CONSTRAINT export_files_pkey PRIMARY KEY (export_id, number)
);

-- A file of events of one consumer and day. It is named here before it is written. content_sha256 is that of its
-- lines, sha256 that of the file as it is stored, compared_sha256 that of what was read back. From moved_at on its
-- events are nowhere else. given_up_at: its events had changed before they were moved, so it is no archive.
-- forgotten: the erased customers of whom it tells nothing any more. From erased_at on the file is deleted: what its
-- events told is gone, or another file has taken its place (replaced_by).
CREATE TABLE archives (
    archive_id      uuid        NOT NULL,
    consumer_id     uuid        NOT NULL,
    day             date        NOT NULL,
    object_key      text        NOT NULL,
    event_ids       uuid[]      NOT NULL,
    event_count     integer     NOT NULL,
    size_bytes      bigint      NOT NULL,
    content_sha256  text        NOT NULL,
    sha256          text        NOT NULL,
    compared_sha256 text,
    compared_at     timestamptz,
    moved_at        timestamptz,
    given_up_at     timestamptz,
    forgotten       uuid[]      NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    erased_at       timestamptz,
    replaced_by     uuid,
    CONSTRAINT archives_pkey PRIMARY KEY (archive_id),
    CONSTRAINT archives_object_key_key UNIQUE (object_key),
    CONSTRAINT archives_event_count_check CHECK (event_count = cardinality(event_ids)),
    CONSTRAINT archives_compared_check CHECK ((compared_sha256 IS NULL) = (compared_at IS NULL)),
    CONSTRAINT archives_moved_check
        CHECK (moved_at IS NULL OR (compared_sha256 = sha256 AND compared_sha256 IS NOT NULL
                                    AND given_up_at IS NULL))
);

CREATE INDEX archives_by_consumer ON archives (consumer_id, day, archive_id);
CREATE INDEX archives_unfinished
    ON archives (created_at) WHERE moved_at IS NULL AND given_up_at IS NULL;
CREATE INDEX archives_to_delete
    ON archives (created_at)
    WHERE erased_at IS NULL AND (replaced_by IS NOT NULL OR given_up_at IS NOT NULL);

-- What is left of an event whose row is in a file: who it was, where it is, and what the ledger counts.
-- dead_letter: a message of it lies in dead_letters, or did.
CREATE TABLE archived_events (
    event_id       uuid        NOT NULL,
    archive_id     uuid        NOT NULL,
    consumer_id    uuid        NOT NULL,
    customer_id    uuid        NOT NULL,
    sequence       bigint      NOT NULL,
    event_type     text        NOT NULL,
    created_at     timestamptz NOT NULL,
    publish_status text        NOT NULL,
    deliver_status text        NOT NULL,
    dead_letter    boolean     NOT NULL,
    CONSTRAINT archived_events_pkey PRIMARY KEY (event_id),
    CONSTRAINT archived_events_sequence_key UNIQUE (customer_id, sequence),
    CONSTRAINT archived_events_publish_status_check CHECK (publish_status IN ('published', 'failed')),
    CONSTRAINT archived_events_deliver_status_check
        CHECK (deliver_status IN ('pending', 'delivered', 'failed'))
);

CREATE INDEX archived_events_by_archive ON archived_events (archive_id);
CREATE INDEX archived_events_by_consumer ON archived_events (consumer_id);
-- Customers who are deleted: the last sequence of each, and whom the end of an offboarding erases.
CREATE INDEX archived_events_deletions
    ON archived_events (consumer_id, customer_id) INCLUDE (sequence)
    WHERE event_type = 'customer_deletion';

-- Where the archive is in a consumer's events: its last turn ended behind after_at and after_id, because the time of
-- the run was up; without them it begins with the oldest. Who had no turn for longest comes first.
CREATE TABLE archive_turns (
    consumer_id uuid        NOT NULL,
    taken_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    after_at    timestamptz,
    after_id    uuid,
    CONSTRAINT archive_turns_pkey PRIMARY KEY (consumer_id),
    CONSTRAINT archive_turns_after_check CHECK ((after_at IS NULL) = (after_id IS NULL))
);

-- A consumer that leaves. Until due_at all is kept, and it can be taken back; then it is ending: its customers are
-- erased, its files and queues deleted. was_active: its status before. key_id is the public id of the API key.
CREATE TABLE offboardings (
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
CREATE UNIQUE INDEX offboardings_one
    ON offboardings (consumer_id) WHERE status <> 'taken_back';
CREATE INDEX offboardings_by_consumer ON offboardings (consumer_id, created_at DESC);

-- Whether a consumer has left, or is being ended: its queues are gone or go, and nobody declares them again.
CREATE FUNCTION has_left(of_consumer uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM offboardings o
                   WHERE o.consumer_id = of_consumer AND o.status IN ('ending', 'done'))
$$;

-- What the broker last said of each consumer's queue; dead_letters: what waits in its dead-letter queue.
-- A figure is NULL if the broker did not have it, for
-- example while the queue's node is down. observed_at is from before the broker was asked.
CREATE TABLE queue_observations (
    consumer_id    uuid        NOT NULL,
    present        boolean     NOT NULL,
    ready          bigint,
    unacknowledged bigint,
    consumers      integer,
    observed_at    timestamptz NOT NULL,
    dead_letters   bigint,
    CONSTRAINT queue_observations_pkey PRIMARY KEY (consumer_id)
);

-- At most one row: the last result of the schedule reconcile.
CREATE TABLE last_reconciliation (
    only_row    boolean     NOT NULL DEFAULT true,
    taken_at    timestamptz NOT NULL,
    report_json jsonb       NOT NULL,
    CONSTRAINT last_reconciliation_pkey PRIMARY KEY (only_row),
    CONSTRAINT last_reconciliation_only_row_check CHECK (only_row)
);

-- Exactly one row. epoch: of the database's history; every message bears it, and a recovery raises it. beats
-- grows each minute and is kept in Redis, too, under the name of witness, so that a restored database
-- notices. suspicion: why somebody should run a recovery. record_version is that of the newest record of
-- revocations that this database has seen. The rest is of the last recovery, which is due until its rewinds
-- are done.
CREATE TABLE recovery (
    only_row       boolean     NOT NULL DEFAULT true,
    epoch          integer     NOT NULL DEFAULT 1,
    witness        uuid        NOT NULL DEFAULT gen_random_uuid(),
    beats          bigint      NOT NULL DEFAULT 0,
    suspicion      text,
    stage          text        NOT NULL DEFAULT 'none',
    backup_at      timestamptz,
    began_at       timestamptz,
    reason         text,
    record_version bigint      NOT NULL DEFAULT 0,
    CONSTRAINT recovery_pkey PRIMARY KEY (only_row),
    CONSTRAINT recovery_only_row_check CHECK (only_row),
    CONSTRAINT recovery_epoch_check CHECK (epoch >= 1),
    CONSTRAINT recovery_stage_check CHECK (stage IN ('none', 'begun', 'reading', 'rewinding')),
    CONSTRAINT recovery_began_check
        CHECK ((stage = 'none') = (backup_at IS NULL OR began_at IS NULL OR reason IS NULL))
);

-- What the queues held at a recovery and the database did not: events that the restore has lost.
CREATE TABLE lost_events (
    event_id      uuid        NOT NULL,
    consumer_id   uuid        NOT NULL,
    customer_id   uuid,
    sequence      bigint,
    event_type    text,
    epoch         integer     NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT lost_events_pkey PRIMARY KEY (event_id)
);

-- The milliseconds that 95 of 100 lags do not exceed, by a straight line within their bucket, as
-- fintegrate.console.lag has it; NULL if nothing was counted. The bounds are those of the buckets, in seconds.
CREATE FUNCTION lag_p95_ms(counts integer[]) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    bounds CONSTANT float8[] := '{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 900, 3600}';
    total bigint := 0;
    below bigint := 0;
    rank float8;
    least float8 := 0;
BEGIN
    FOR bucket IN 1 .. coalesce(cardinality(counts), 0) LOOP
        total := total + counts[bucket];
    END LOOP;
    rank := 0.95::float8 * total;
    FOR bucket IN 1 .. coalesce(cardinality(counts), 0) LOOP
        IF counts[bucket] > 0 AND below + counts[bucket] >= rank THEN
            RETURN round((least + (bounds[bucket] - least) * (rank - below) / counts[bucket]) * 1000);
        END IF;
        below := below + counts[bucket];
        least := bounds[bucket];
    END LOOP;
    RETURN NULL;
END
$$;

-- What happened to a stream (a consumer's events) in a minute, and what waited at its end. The nil UUID is all
-- streams together: a minute that was counted has its row. What happened is NULL until it is counted, what waited
-- is NULL where nobody looked. Lag is counted in the buckets of fintegrate.console.lag, because percentiles do not
-- add up: from commit to publish, and from commit to the consumer's word that it processed the event.
CREATE TABLE stream_minutes (
    consumer_id               uuid        NOT NULL,
    minute                    timestamptz NOT NULL,
    committed                 integer,
    published                 integer,
    received                  integer,
    processed                 integer,
    failed                    integer,
    redelivered               integer,
    publish_lag               integer[],
    process_lag               integer[],
    pending                   integer,
    held_back                 integer,
    undelivered               integer,
    oldest_pending_seconds    real,
    oldest_held_back_seconds  real,
    oldest_undelivered_seconds real,
    queue_depth               bigint,
    readers                   integer,
    publish_lag_p95_ms        integer     GENERATED ALWAYS AS (lag_p95_ms(publish_lag)) STORED,
    process_lag_p95_ms        integer     GENERATED ALWAYS AS (lag_p95_ms(process_lag)) STORED,
    CONSTRAINT stream_minutes_pkey PRIMARY KEY (consumer_id, minute),
    CONSTRAINT stream_minutes_lag_check
        CHECK (cardinality(publish_lag) = 14 AND cardinality(process_lag) = 14)
);

-- The same of an hour: the sums of its minutes, and of what waited the most. minutes: how many were counted.
CREATE TABLE stream_hours (
    consumer_id               uuid        NOT NULL,
    hour                      timestamptz NOT NULL,
    minutes                   integer     NOT NULL,
    committed                 integer     NOT NULL,
    published                 integer     NOT NULL,
    received                  integer     NOT NULL,
    processed                 integer     NOT NULL,
    failed                    integer     NOT NULL,
    redelivered               integer     NOT NULL,
    publish_lag               integer[]   NOT NULL,
    process_lag               integer[]   NOT NULL,
    pending                   integer,
    held_back                 integer,
    undelivered               integer,
    oldest_pending_seconds    real,
    oldest_held_back_seconds  real,
    oldest_undelivered_seconds real,
    queue_depth               bigint,
    readers                   integer,
    publish_lag_p95_ms        integer     GENERATED ALWAYS AS (lag_p95_ms(publish_lag)) STORED,
    process_lag_p95_ms        integer     GENERATED ALWAYS AS (lag_p95_ms(process_lag)) STORED,
    CONSTRAINT stream_hours_pkey PRIMARY KEY (consumer_id, hour)
);

-- The last run of each schedule. last_error is null after a success; last_run_id leads to the log.
CREATE TABLE schedule_runs (
    schedule         text             NOT NULL,
    expected_since   timestamptz      NOT NULL DEFAULT clock_timestamp(),
    last_run_at      timestamptz,
    last_run_id      text,
    last_run_seconds double precision,
    last_success_at  timestamptz,
    last_error       text,
    CONSTRAINT schedule_runs_pkey PRIMARY KEY (schedule)
);

-- ---------------------------------------------------------------------------------------------
-- Shared by every request
-- ---------------------------------------------------------------------------------------------

-- The key, the answer and the business rows commit together; keys are per consumer.
CREATE TABLE idempotency_keys (
    consumer_id     uuid        NOT NULL,
    idempotency_key text        NOT NULL,
    request_hash    text        NOT NULL,
    response_status integer,
    response_json   json,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (consumer_id, idempotency_key),
    CONSTRAINT idempotency_keys_key_check CHECK (char_length(idempotency_key) BETWEEN 1 AND 255)
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- Sessions of the console. `last_used_at` is the last click; a poll leaves it.
CREATE TABLE console_sessions (
    session_id   uuid        NOT NULL DEFAULT gen_random_uuid(),
    token_hash   bytea       NOT NULL,
    consumer_id  uuid        NOT NULL,
    key_id       uuid        NOT NULL,
    actor        text        NOT NULL,
    read_only    boolean     NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_used_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    CONSTRAINT console_sessions_pkey PRIMARY KEY (session_id),
    CONSTRAINT console_sessions_token_hash_key UNIQUE (token_hash),
    CONSTRAINT console_sessions_actor_check CHECK (char_length(actor) <= 64)
);

CREATE INDEX console_sessions_living ON console_sessions (key_id, created_at) WHERE ended_at IS NULL;
CREATE INDEX console_sessions_by_age ON console_sessions (expires_at);

-- Who did or tried what, in which request, why, and why it was refused. The actor is a name that was
-- claimed. The subject is the consumer whose data it was, if not the caller.
CREATE TABLE audit_log (
    audit_id            uuid        NOT NULL DEFAULT gen_random_uuid(),
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    request_id          text        NOT NULL,
    consumer_id         uuid,
    key_id              uuid,
    action              text        NOT NULL,
    status_code         integer     NOT NULL,
    reason              text        NOT NULL,
    source_ip           text,
    actor               text,
    session_id          uuid,
    subject_consumer_id uuid,
    details             jsonb,
    CONSTRAINT audit_log_pkey PRIMARY KEY (audit_id),
    CONSTRAINT audit_log_status_code_check CHECK (status_code BETWEEN 100 AND 599)
);

CREATE INDEX audit_log_by_age ON audit_log (created_at);
CREATE INDEX audit_log_by_consumer ON audit_log (consumer_id, created_at DESC);
CREATE INDEX audit_log_by_request ON audit_log (request_id);
CREATE INDEX audit_log_by_subject
    ON audit_log (subject_consumer_id, created_at DESC) WHERE subject_consumer_id IS NOT NULL;
CREATE INDEX audit_log_by_actor ON audit_log (actor, created_at DESC) WHERE actor IS NOT NULL;
CREATE INDEX audit_log_by_action ON audit_log (action, created_at DESC);
CREATE INDEX audit_log_by_status ON audit_log (status_code, created_at DESC);

-- Whoever acts as the functions' user can add to the audit log, and cannot take its trail away: no row
-- changes, and none goes before its eighth day. purge deletes what is older than AUDIT_RETENTION_DAYS.
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log keeps its rows for seven days, and as they are: % refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER audit_log_immutable
    BEFORE UPDATE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_log_kept
    BEFORE DELETE ON audit_log
    FOR EACH ROW WHEN (OLD.created_at > clock_timestamp() - interval '7 days')
    EXECUTE FUNCTION refuse_audit_change();

CREATE TABLE migration_history (
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    additive   boolean     NOT NULL DEFAULT false,
    CONSTRAINT migration_history_pkey PRIMARY KEY (name)
);

-- Frequent statements, planned once per connection (docs/decisions/0009-kept-plans.md).

-- What a request must know of its key, in one query; no owner if there is no such key. Every request runs
-- it. `used_up` has the consumer's bounds (`customers`, `events`, `snapshots`) that are used up, or nothing. A
-- day's events count until its end, even if nobody counts again.
CREATE FUNCTION find_caller(
    key uuid,
    OUT owner_id uuid, OUT owner_name text, OUT owner_active boolean,
    OUT api_key_hash text, OUT api_key_status text, OUT expired boolean, OUT used_up text[]
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT c.consumer_id, c.name, c.status = 'active',
           k.api_key_hash, k.api_key_status, k.expires_at <= clock_timestamp(),
           CASE WHEN u.customers_full OR u.events_full OR u.snapshots_full THEN array_remove(ARRAY[
               CASE WHEN u.customers_full THEN 'customers' END,
               CASE WHEN u.events_full AND u.day = (clock_timestamp() AT TIME ZONE 'UTC')::date
                    THEN 'events' END,
               CASE WHEN u.snapshots_full THEN 'snapshots' END], NULL) END
    INTO owner_id, owner_name, owner_active, api_key_hash, api_key_status, expired, used_up
    FROM consumer_api_keys k
    JOIN consumers c ON c.consumer_id = k.consumer_id
    LEFT JOIN consumer_usage u ON u.consumer_id = k.consumer_id
    WHERE k.key_id = key;
END
$$;

-- What a request had to know of its key, for code from before find_caller.
CREATE FUNCTION find_api_key(
    key uuid,
    OUT api_key_hash text, OUT api_key_status text, OUT expired boolean,
    OUT consumer_id uuid, OUT consumer_name text, OUT consumer_status text
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT k.api_key_hash, k.api_key_status, k.expires_at <= clock_timestamp(),
           c.consumer_id, c.name, c.status
    INTO api_key_hash, api_key_status, expired, consumer_id, consumer_name, consumer_status
    FROM consumer_api_keys k
    JOIN consumers c ON c.consumer_id = k.consumer_id
    WHERE k.key_id = key;
END
$$;

-- The bounds that a consumer has used up: of `customers` and `events`; for the same code.
CREATE FUNCTION used_up(of_consumer uuid) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT array_remove(ARRAY[
                CASE WHEN customers_full THEN 'customers' END,
                CASE WHEN events_full AND day = (clock_timestamp() AT TIME ZONE 'UTC')::date
                     THEN 'events' END], NULL)
            FROM consumer_usage
            WHERE consumer_id = of_consumer);
END
$$;

-- What a request must know of its session, its key and their consumer, in one statement. `used`: somebody
-- has clicked, which keeps the session for another half hour; a click within ten seconds of the last one
-- writes nothing.
CREATE FUNCTION find_session(
    token bytea, used boolean,
    OUT owner_id uuid, OUT owner_name text, OUT owner_active boolean, OUT key_id uuid,
    OUT api_key_status text, OUT expired boolean, OUT used_up text[], OUT session_id uuid, OUT actor text,
    OUT read_only boolean, OUT is_over boolean
) LANGUAGE plpgsql AS $$
DECLARE
    is_stale boolean;
BEGIN
    SELECT k.owner_id, k.owner_name, k.owner_active, s.key_id, k.api_key_status, k.expired, k.used_up,
           s.session_id, s.actor, s.read_only,
           s.ended_at IS NOT NULL OR s.expires_at <= clock_timestamp()
               OR s.last_used_at <= clock_timestamp() - interval '30 minutes',
           s.last_used_at < clock_timestamp() - interval '10 seconds'
    INTO owner_id, owner_name, owner_active, key_id, api_key_status, expired, used_up, session_id, actor,
         read_only, is_over, is_stale
    FROM console_sessions s
    CROSS JOIN LATERAL find_caller(s.key_id) k
    WHERE s.token_hash = token;
    IF used AND is_stale AND NOT is_over THEN
        UPDATE console_sessions s SET last_used_at = clock_timestamp() WHERE s.token_hash = token;
    END IF;
END
$$;

-- A time as messages show it: in UTC and with six digits, whatever the zone of the session. JSON functions
-- would write a timestamptz in the session's zone.
CREATE FUNCTION utc_text(at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
$$;

-- The state of an event, in one word: its statuses, why its delivery failed, its receipt's status (NULL
-- without one), and whether an earlier event of its customer is pending. The last two arguments are only looked
-- at where they decide, because the planner puts the body in the place of the call. A delivery that failed
-- without the bank's word has the reason that the sweep of dead letters writes. An event that was sent again is
-- in the queue, whatever its receipt said of the copy before. A receipt that is gone was processed.
CREATE FUNCTION event_state(
    publish_status text, deliver_status text, deliver_failure_reason text, receipt_status text,
    is_behind boolean
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE publish_status
        WHEN 'pending' THEN CASE WHEN is_behind THEN 'held_back' ELSE 'waiting' END
        WHEN 'failed' THEN 'publish_failed'
        ELSE CASE deliver_status
            WHEN 'pending' THEN 'in_queue'
            WHEN 'delivered' THEN
                CASE WHEN receipt_status = 'received' THEN 'received' ELSE 'processed' END
            ELSE CASE WHEN deliver_failure_reason LIKE 'dead-lettered: %'
                      THEN 'dead_lettered' ELSE 'delivery_failed' END
        END
    END
$$;

-- Creates a customer and its event; returns the event's row. `key` is the public id of the API key that
-- asked for it, `request` the request's id: they stay in the event's metadata and are not sent.
CREATE FUNCTION create_customer_and_event(
    of_consumer uuid, with_name text, with_status text, service text, trace text, key uuid, request text
) RETURNS customer_events LANGUAGE plpgsql AS $$
DECLARE
    event customer_events;
BEGIN
    WITH customer AS (
        INSERT INTO customers (consumer_id, name, status, created_at, updated_at)
        SELECT of_consumer, with_name, with_status, at, at FROM clock_timestamp() AS at
        RETURNING *
    )
    INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                                 payload_json, metadata_json, created_at)
    SELECT consumer_id, customer_id, event_sequence, 'customer_creation', service,
           jsonb_build_object('customer_id', customer_id, 'name', name, 'status', status),
           jsonb_strip_nulls(jsonb_build_object(
               'created_at', utc_text(created_at), 'sequence', event_sequence,
               'source_service', service, 'traceparent', trace, 'key_id', key,
               'request_id', request)),
           created_at
    FROM customer
    RETURNING * INTO event;
    RETURN event;
END
$$;

-- Whether a consumer is called, for the statement that writes an event of it. Until the event is committed the
-- kind of delivery cannot change: whoever changes it takes the same lock alone, and sees every event that was
-- written before. The lock is in memory only. Planned once per connection.
CREATE FUNCTION takes_webhooks(of_consumer uuid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(8, hashtext(of_consumer::text));
    RETURN EXISTS (SELECT FROM webhooks WHERE consumer_id = of_consumer);
END
$$;

-- The same for code from before create_customer_and_event.
CREATE FUNCTION create_customer(
    of_consumer uuid, with_name text, with_status text, service text, trace text,
    key uuid DEFAULT NULL
) RETURNS customer_events LANGUAGE plpgsql AS $$
DECLARE
    event customer_events;
BEGIN
    WITH customer AS (
        INSERT INTO customers (consumer_id, name, status, created_at, updated_at)
        SELECT of_consumer, with_name, with_status, at, at FROM clock_timestamp() AS at
        RETURNING *
    )
    INSERT INTO customer_events (consumer_id, customer_id, sequence, event_type, source_service,
                                 payload_json, metadata_json, created_at)
    SELECT consumer_id, customer_id, event_sequence, 'customer_creation', service,
           jsonb_build_object('customer_id', customer_id, 'name', name, 'status', status),
           jsonb_strip_nulls(jsonb_build_object(
               'created_at', utc_text(created_at), 'sequence', event_sequence,
               'source_service', service, 'traceparent', trace, 'key_id', key)),
           created_at
    FROM customer
    RETURNING * INTO event;
    RETURN event;
END
$$;

-- The epoch, for create_customer_and_event's caller: planned once per connection.
CREATE FUNCTION sending_epoch() RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT epoch FROM recovery);
END
$$;

-- The format in which a consumer gets its messages, for statements that write an event and return it to be
-- sent. Planned once per connection.
CREATE FUNCTION sending_format(of_consumer uuid) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT message_format FROM consumers WHERE consumer_id = of_consumer);
END
$$;

-- Marks an event that the broker has confirmed. It needs a transaction of its own, because the commit
-- does not wait for the disk. If the server crashes, the lost mark only causes one more publish.
CREATE FUNCTION mark_published(event uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE customer_events
    SET publish_status = 'published', published_at = clock_timestamp(),
        publish_last_tried_at = clock_timestamp(), publish_failure_reason = NULL
    WHERE event_id = event AND publish_status = 'pending';
END
$$;

-- What may be kept of somebody's words about a customer: of an erased one, only that there were some. It is asked at
-- the moment of writing, not of the statement's snapshot, so it knows an erasure that the statement waited for.
CREATE FUNCTION kept_words(of_consumer uuid, of_customer uuid, words text) RETURNS text
LANGUAGE plpgsql STRICT AS $$
BEGIN
    RETURN CASE WHEN EXISTS (SELECT FROM erasures
                             WHERE customer_id = of_customer AND consumer_id = of_consumer)
                THEN 'erased' ELSE words END;
END
$$;

-- Writes a consumer's confirmation of an event; returns the event's id, or null if nothing changed. The
-- receipt is the state machine. Processed is final. A failed event may be tried again. A repeated
-- confirmation changes nothing. But if the event was sent again since, it is under way (deliver_status
-- pending), and the repeated confirmation counts again. So does that of a copy of a processed event, which a
-- rewind has sent: a rewind sends it once more until it is confirmed. While a rewind is not done, a copy may
-- be confirmed before it is marked as sent. A confirmation of an event that is still pending proves that it
-- was published: only the broker's confirm was lost. What is said of an erased customer's event is not kept.
CREATE FUNCTION confirm_delivery(
    event uuid, of_consumer uuid, said text, at timestamptz, reason text
) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    changed uuid;
BEGIN
    WITH sent AS (
        SELECT event_id, consumer_id, customer_id, event_type, created_at, deliver_status,
               deliver_last_tried_at
        FROM customer_events
        WHERE event_id = event AND consumer_id = of_consumer
    ), receipt AS (
        INSERT INTO consumer_event_receipts AS stored
            (consumer_id, event_id, customer_id, event_type, event_created_at, received_at,
             processing_status, processing_failure_reason)
        SELECT consumer_id, event_id, customer_id, event_type, created_at,
               coalesce(at, clock_timestamp()), said,
               kept_words(consumer_id, customer_id, reason)
        FROM sent
        ON CONFLICT ON CONSTRAINT consumer_event_receipts_once DO UPDATE
            SET processing_status = excluded.processing_status,
                processing_failure_reason = excluded.processing_failure_reason,
                event_created_at = excluded.event_created_at,
                received_at = coalesce(at, stored.received_at),
                updated_at = clock_timestamp()
            WHERE (stored.processing_status <> 'processed'
                   AND (stored.processing_status <> excluded.processing_status
                        OR stored.processing_failure_reason
                           IS DISTINCT FROM excluded.processing_failure_reason
                        OR EXISTS (SELECT FROM sent WHERE deliver_status = 'pending')))
               OR (stored.processing_status = 'processed' AND said = 'processed'
                   AND (EXISTS (SELECT FROM sent WHERE deliver_last_tried_at > stored.updated_at)
                        OR EXISTS (SELECT FROM replay_jobs job
                                   WHERE job.consumer_id = of_consumer AND job.status <> 'done')))
        RETURNING event_id, processing_failure_reason
    )
    UPDATE customer_events AS e
    SET deliver_status = CASE WHEN said = 'failed' THEN 'failed' ELSE 'delivered' END,
        delivered_at = CASE WHEN said = 'failed' THEN NULL
                            ELSE coalesce(e.delivered_at, clock_timestamp()) END,
        deliver_failure_reason = receipt.processing_failure_reason,
        publish_status = 'published',
        published_at = coalesce(e.published_at, clock_timestamp()),
        publish_failure_reason = NULL
    FROM receipt
    WHERE e.event_id = receipt.event_id
    RETURNING e.event_id INTO changed;
    RETURN changed;
END
$$;

-- What confirm_delivery does, for many events at once, each once, of which a bank says no words: they are received or
-- processed. Returns those that changed. A request's one event is faster by itself, so that function stays; a test
-- compares what both do of every state. Here the last try is the confirmation's where nothing else has proved that the
-- event was sent. Locks all receipts, in one order, and then the events.
CREATE FUNCTION confirm_deliveries(events uuid[], of_consumers uuid[], statuses text[])
RETURNS SETOF uuid LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    WITH sent AS (
        SELECT e.event_id, e.consumer_id, e.customer_id, e.event_type, e.created_at, e.deliver_status,
               e.deliver_last_tried_at, told.status
        FROM unnest(events, of_consumers, statuses) AS told (event_id, consumer_id, status)
        JOIN customer_events e ON e.event_id = told.event_id AND e.consumer_id = told.consumer_id
        WHERE told.status IN ('received', 'processed')
    ), receipt AS (
        INSERT INTO consumer_event_receipts AS stored
            (consumer_id, event_id, customer_id, event_type, event_created_at, processing_status)
        SELECT s.consumer_id, s.event_id, s.customer_id, s.event_type, s.created_at, s.status
        FROM sent s
        ORDER BY s.event_id
        ON CONFLICT ON CONSTRAINT consumer_event_receipts_once DO UPDATE
            SET processing_status = excluded.processing_status,
                processing_failure_reason = NULL,
                event_created_at = excluded.event_created_at,
                updated_at = clock_timestamp()
            WHERE (stored.processing_status <> 'processed'
                   AND (stored.processing_status <> excluded.processing_status
                        OR EXISTS (SELECT FROM sent s
                                   WHERE s.event_id = stored.event_id AND s.deliver_status = 'pending')))
               OR (stored.processing_status = 'processed' AND excluded.processing_status = 'processed'
                   AND (EXISTS (SELECT FROM sent s
                                WHERE s.event_id = stored.event_id
                                  AND s.deliver_last_tried_at > stored.updated_at)
                        OR EXISTS (SELECT FROM replay_jobs job
                                   WHERE job.consumer_id = stored.consumer_id
                                     AND job.status <> 'done')))
        RETURNING stored.event_id
    )
    UPDATE customer_events AS e
    SET deliver_status = 'delivered',
        delivered_at = coalesce(e.delivered_at, clock_timestamp()),
        deliver_failure_reason = NULL,
        publish_status = 'published',
        published_at = coalesce(e.published_at, clock_timestamp()),
        publish_failure_reason = NULL,
        publish_last_tried_at = CASE WHEN e.publish_status = 'published' THEN e.publish_last_tried_at
                                     ELSE clock_timestamp() END
    FROM receipt
    WHERE e.event_id = receipt.event_id
    RETURNING e.event_id;
END
$$;

-- A reason without the ids, numbers and addresses in it: each word with a digit, an @ or a // becomes #. What
-- is normalised stays as it is.
CREATE FUNCTION normalised_reason(reason text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN reason ~ '[0-9@]|//' THEN
        left(regexp_replace(reason, '[^\s,;=()"''<>{}]*([0-9@]|//)[^\s,;=()"''<>{}]*', '#', 'g'), 500)
    ELSE left(coalesce(reason, ''), 500) END
$$;

-- The id of a group of failures: of one bank, one state, one type of event and one normalised reason.
CREATE FUNCTION failure_group(of_consumer uuid, state text, of_type text, reason text)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT left(md5(concat_ws(chr(31), of_consumer::text, state, of_type, normalised_reason(reason))), 16)
$$;

-- Erases what up to `most` events of a customer tell of the person, with their dead letters and everybody's words
-- about them; returns how many. Returns 0 at the end, when it has also seen to what came late and to what hangs on no
-- event: snapshots, what the bank's server answered last, and dead letters that match no event. Those are resolved,
-- because they can no longer be sent. It runs as the owner, and only for a customer who is in erasures and is
-- deleted. The bank's row is locked against the sweep of dead letters, which holds it while it keeps letters.
-- Receipts are locked before events, as confirm_delivery does it: what is being confirmed meanwhile is waited for,
-- and seen.
CREATE FUNCTION erase_events(of_consumer uuid, of_customer uuid, most integer)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    no_body CONSTANT bytea := '{"erased":true}';
    ours CONSTANT text := '^(?:account|address|credential|gone|permission): ';
    chosen uuid[];
    found_count integer;
BEGIN
    IF NOT EXISTS (SELECT FROM erasures
                   WHERE customer_id = of_customer AND consumer_id = of_consumer)
       OR EXISTS (SELECT FROM customers WHERE customer_id = of_customer) THEN
        RAISE EXCEPTION 'no erasure of this customer was begun' USING ERRCODE = 'restrict_violation';
    END IF;
    PERFORM FROM consumers WHERE consumer_id = of_consumer FOR NO KEY UPDATE;
    chosen := ARRAY(SELECT event_id FROM customer_events
                    WHERE customer_id = of_customer AND consumer_id = of_consumer
                      AND event_type <> 'consumer_created' AND NOT payload_json ? 'erased'
                    ORDER BY sequence LIMIT most);
    found_count := cardinality(chosen);
    IF found_count = 0 THEN
        chosen := ARRAY(SELECT event_id FROM customer_events
                        WHERE customer_id = of_customer AND consumer_id = of_consumer
                          AND event_type <> 'consumer_created'
                        UNION ALL  -- their letters, and words about them, are no part of the archive
                        SELECT event_id FROM archived_events
                        WHERE customer_id = of_customer AND consumer_id = of_consumer
                          AND event_type <> 'consumer_created');
        UPDATE customer_analytics SET tags_json = '{}'
        WHERE customer_id = of_customer AND consumer_id = of_consumer AND tags_json <> '{}';
        UPDATE dead_letters
        SET body = no_body, properties_json = '{}', fingerprint = 'erased:' || dead_letter_id,
            resolved_at = coalesce(resolved_at, clock_timestamp()),
            resolved_by = coalesce(resolved_by, 'erasure'), resolved_reason = 'erased'
        WHERE consumer_id = of_consumer AND event_id IS NULL
          AND position(convert_to(of_customer::text, 'UTF8') IN body) > 0;
        UPDATE webhooks
        SET reason = coalesce(substring(reason FROM ours), '') || 'erased'
        WHERE consumer_id = of_consumer
          AND regexp_replace(reason, ours, '') !~ '^(erased|HTTP [0-9]+|refuses_everything)$';
    END IF;
    PERFORM FROM consumer_event_receipts
    WHERE event_id = ANY (chosen) AND consumer_id = of_consumer FOR UPDATE;
    PERFORM FROM customer_events
    WHERE event_id = ANY (chosen) AND consumer_id = of_consumer FOR UPDATE;
    UPDATE customer_events SET payload_json = erased_facts(payload_json)
    WHERE event_id = ANY (chosen) AND consumer_id = of_consumer AND NOT payload_json ? 'erased';
    UPDATE customer_events
    SET deliver_failure_reason = CASE WHEN deliver_failure_reason LIKE 'dead-lettered: %'
                                      THEN 'dead-lettered: erased'
                                      ELSE left(deliver_failure_reason, 0) || 'erased' END
    WHERE event_id = ANY (chosen) AND consumer_id = of_consumer
      AND deliver_failure_reason
          !~ '^(dead-lettered: )?erased$|^dead-lettered: (rejected|expired|maxlen|delivery_limit)$';
    UPDATE customer_events e
    SET publish_failure_reason = kept.reason
    FROM (SELECT event_id,
                 coalesce(CASE WHEN publish_given_up_at IS NOT NULL
                               THEN substring(publish_failure_reason
                                              FROM '^skipped by the operator in request [^ ]+ ')
                               WHEN publish_failure_reason LIKE 'taken up again%' THEN 'taken up again, '
                          END, '') || 'erased' AS reason
          FROM customer_events
          WHERE event_id = ANY (chosen) AND consumer_id = of_consumer) kept
    WHERE e.event_id = kept.event_id AND e.consumer_id = of_consumer
      AND e.publish_failure_reason <> kept.reason;
    UPDATE consumer_event_receipts SET processing_failure_reason = 'erased'
    WHERE event_id = ANY (chosen) AND consumer_id = of_consumer
      AND processing_failure_reason <> 'erased';
    UPDATE event_attempts SET words = 'erased'
    WHERE event_id = ANY (chosen) AND consumer_id = of_consumer AND words <> 'erased'
      AND (by = 'webhook' OR outcome IN ('given_up', 'reopened', 'given_back'));
    UPDATE dead_letters
    SET body = no_body, properties_json = '{}', fingerprint = 'erased:' || dead_letter_id,
        resolved_reason = left(resolved_reason, 0) || 'erased'
    WHERE event_id = ANY (chosen) AND consumer_id = of_consumer AND body <> no_body;
    RETURN found_count;
END $$;

-- Since when nothing more will become of an event: processed, given up by a person, or dead-lettered and seen
-- to. NULL: something may.
CREATE FUNCTION settled_at(e customer_events) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN e.publish_status = 'failed' AND e.publish_given_up_at IS NOT NULL
            THEN greatest(e.publish_given_up_at, e.publish_last_tried_at)
        WHEN e.publish_status = 'published' AND e.deliver_status = 'delivered'
             AND coalesce(receipt.processing_status, 'processed') = 'processed'
            THEN greatest(e.published_at, e.delivered_at, e.deliver_last_tried_at, receipt.updated_at)
        WHEN e.publish_status = 'published' AND e.deliver_status = 'failed' AND letters.are_resolved
            THEN greatest(e.published_at, e.deliver_last_tried_at, receipt.updated_at,
                          letters.resolved_at) END
    FROM (SELECT) AS once
    LEFT JOIN LATERAL (
        SELECT r.processing_status, r.updated_at
        FROM consumer_event_receipts r
        WHERE r.consumer_id = e.consumer_id AND r.event_id = e.event_id) receipt ON true
    LEFT JOIN LATERAL (
        SELECT bool_and(d.resolved_at IS NOT NULL) AS are_resolved, max(d.resolved_at) AS resolved_at
        FROM dead_letters d
        WHERE d.event_id = e.event_id AND NOT d.superseded) letters ON e.deliver_status = 'failed'
$$;

-- An event as a line of a file, with what its consumer said of it: the same text whoever makes it, in whatever
-- zone.
CREATE FUNCTION archived_line(e customer_events) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'event_id', e.event_id, 'consumer_id', e.consumer_id, 'customer_id', e.customer_id,
        'sequence', e.sequence, 'event_type', e.event_type, 'source_service', e.source_service,
        'payload', e.payload_json, 'metadata', e.metadata_json, 'created_at', utc_text(e.created_at),
        'publish_status', e.publish_status, 'published_at', utc_text(e.published_at),
        'publish_try_count', e.publish_try_count,
        'publish_last_tried_at', utc_text(e.publish_last_tried_at),
        'publish_failure_reason', e.publish_failure_reason,
        'publish_given_up_at', utc_text(e.publish_given_up_at),
        'sent_late_at', utc_text(e.sent_late_at),
        'deliver_status', e.deliver_status, 'delivered_at', utc_text(e.delivered_at),
        'deliver_try_count', e.deliver_try_count,
        'deliver_last_tried_at', utc_text(e.deliver_last_tried_at),
        'deliver_failure_reason', e.deliver_failure_reason,
        'receipt', (SELECT jsonb_build_object(
                        'receipt_id', r.receipt_id, 'received_at', utc_text(r.received_at),
                        'processing_status', r.processing_status,
                        'processing_failure_reason', r.processing_failure_reason,
                        'created_at', utc_text(r.created_at), 'updated_at', utc_text(r.updated_at))
                    FROM consumer_event_receipts r
                    WHERE r.consumer_id = e.consumer_id AND r.event_id = e.event_id))::text
$$;

-- Moves the events of a compared file: their rows go, what is left of them is written, in one transaction;
-- returns how many. 0: it was done before, or an export of the consumer is under way. NULL: an event is not as the
-- file has it, so the file is given up. It runs as the owner, because nobody else may delete events. It trusts
-- nobody's word: the lines are made again from the locked rows and must be those of the file, each event must have
-- been settled for thirty days, and no earlier event of its customer may be left. Receipts are locked before events,
-- as confirm_delivery does it. What was to be sent again to a bank that is called goes along. An erasure locks its
-- events before it has ended, so the lines tell nothing of those whose erasure has.
CREATE FUNCTION move_to_archive(of_consumer uuid, of_archive uuid)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    file archives;
    is_whole boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(2200, hashtext(of_consumer::text));
    SELECT * INTO file FROM archives
    WHERE archive_id = of_archive AND consumer_id = of_consumer FOR UPDATE;
    IF NOT FOUND OR file.moved_at IS NOT NULL OR file.given_up_at IS NOT NULL
       OR EXISTS (SELECT FROM exports WHERE consumer_id = of_consumer AND status = 'running') THEN
        RETURN 0;
    END IF;
    IF file.compared_sha256 IS DISTINCT FROM file.sha256 THEN
        RAISE EXCEPTION 'the file of this archive was not compared' USING ERRCODE = 'restrict_violation';
    END IF;
    PERFORM FROM consumer_event_receipts
    WHERE event_id = ANY (file.event_ids) AND consumer_id = of_consumer FOR UPDATE;
    PERFORM FROM customer_events
    WHERE event_id = ANY (file.event_ids) AND consumer_id = of_consumer
    ORDER BY created_at, event_id FOR UPDATE;
    SELECT count(*) = file.event_count
           AND bool_and(settled_at(e) < clock_timestamp() - interval '30 days')
           AND encode(sha256(convert_to(string_agg(archived_line(e) || E'\n', ''
                                                   ORDER BY e.created_at, e.event_id), 'UTF8')),
                      'hex') = file.content_sha256
           AND NOT EXISTS (SELECT FROM customer_events moved
                           JOIN customer_events earlier
                             ON earlier.customer_id = moved.customer_id
                            AND earlier.sequence < moved.sequence
                           WHERE moved.event_id = ANY (file.event_ids)
                             AND NOT earlier.event_id = ANY (file.event_ids))
    INTO is_whole
    FROM customer_events e
    WHERE e.event_id = ANY (file.event_ids) AND e.consumer_id = of_consumer;
    IF is_whole IS NOT TRUE THEN
        UPDATE archives SET given_up_at = clock_timestamp()
        WHERE archive_id = of_archive AND consumer_id = of_consumer;
        RETURN NULL;
    END IF;
    INSERT INTO archived_events (event_id, archive_id, consumer_id, customer_id, sequence, event_type,
                                 created_at, publish_status, deliver_status, dead_letter)
    SELECT e.event_id, of_archive, e.consumer_id, e.customer_id, e.sequence, e.event_type, e.created_at,
           e.publish_status, e.deliver_status,
           EXISTS (SELECT FROM dead_letters d WHERE d.event_id = e.event_id AND NOT d.superseded)
    FROM customer_events e
    WHERE e.event_id = ANY (file.event_ids) AND e.consumer_id = of_consumer;
    DELETE FROM consumer_event_receipts
    WHERE event_id = ANY (file.event_ids) AND consumer_id = of_consumer;
    DELETE FROM customer_events
    WHERE event_id = ANY (file.event_ids) AND consumer_id = of_consumer;
    DELETE FROM webhook_copies
    WHERE event_id = ANY (file.event_ids) AND consumer_id = of_consumer;
    UPDATE archives
    SET moved_at = clock_timestamp(),
        forgotten = ARRAY(SELECT DISTINCT x.customer_id
                          FROM archived_events a
                          JOIN erasures x ON x.customer_id = a.customer_id
                                         AND x.consumer_id = a.consumer_id
                          WHERE a.archive_id = of_archive AND x.finished_at IS NOT NULL)
    WHERE archive_id = of_archive AND consumer_id = of_consumer;
    RETURN file.event_count;
END $$;

REVOKE EXECUTE ON FUNCTION move_to_archive(uuid, uuid) FROM PUBLIC;

-- Lets a compared file take the place of another one with the same events, of which it forgets one more erased
-- customer; returns whether it does. It runs as the owner, because nobody else may say where an event lies. While an
-- export of the consumer is under way, it does not: the export names the former file.
CREATE FUNCTION replace_archive(of_consumer uuid, former uuid, latter uuid)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(2200, hashtext(of_consumer::text));
    PERFORM FROM archives
    WHERE archive_id IN (former, latter) AND consumer_id = of_consumer ORDER BY archive_id FOR UPDATE;
    IF NOT EXISTS (SELECT FROM archives f
                   JOIN archives l ON l.event_ids = f.event_ids AND l.consumer_id = f.consumer_id
                   WHERE f.archive_id = former AND l.archive_id = latter AND f.consumer_id = of_consumer
                     AND f.moved_at IS NOT NULL AND f.replaced_by IS NULL AND f.erased_at IS NULL
                     AND l.moved_at IS NULL AND l.given_up_at IS NULL
                     AND l.compared_sha256 = l.sha256 AND f.forgotten <@ l.forgotten)
       OR EXISTS (SELECT FROM exports WHERE consumer_id = of_consumer AND status = 'running')
       OR NOT EXISTS (SELECT FROM archived_events a
                      JOIN archives f ON f.archive_id = a.archive_id
                      JOIN archives l ON l.archive_id = latter AND l.consumer_id = a.consumer_id
                      JOIN erasures x ON x.customer_id = a.customer_id
                                     AND x.consumer_id = a.consumer_id
                      WHERE a.archive_id = former AND x.finished_at IS NOT NULL
                        AND x.customer_id = ANY (l.forgotten) AND x.customer_id <> ALL (f.forgotten)) THEN
        RETURN false;
    END IF;
    UPDATE archived_events SET archive_id = latter
    WHERE archive_id = former AND consumer_id = of_consumer;
    UPDATE archives SET moved_at = clock_timestamp()
    WHERE archive_id = latter AND consumer_id = of_consumer;
    UPDATE archives SET replaced_by = latter
    WHERE archive_id = former AND consumer_id = of_consumer;
    RETURN true;
END $$;

REVOKE EXECUTE ON FUNCTION replace_archive(uuid, uuid, uuid) FROM PUBLIC;

-- ---------------------------------------------------------------------------------------------
-- What the functions' user may do: with each table what a statement of theirs does. It owns nothing.
-- ---------------------------------------------------------------------------------------------

GRANT SELECT ON archived_events TO fintegrate_app;
GRANT EXECUTE ON FUNCTION move_to_archive(uuid, uuid) TO fintegrate_app;
GRANT EXECUTE ON FUNCTION replace_archive(uuid, uuid, uuid) TO fintegrate_app;
GRANT SELECT, INSERT ON archives, customer_analytics, erasures, lost_events TO fintegrate_app;
-- What a file is said to hold never changes.
GRANT UPDATE (compared_sha256, compared_at, given_up_at, erased_at) ON archives TO fintegrate_app;
-- Who, when and why stays as it was written; only its end and that of the files are set.
GRANT UPDATE (finished_at, event_count, forgotten_at) ON erasures TO fintegrate_app;
GRANT SELECT, INSERT, DELETE ON dead_letters, event_attempts TO fintegrate_app;
-- A dead letter's message stays as it was kept.
GRANT UPDATE (resolved_at, resolved_by, resolved_reason, requeued_at)
    ON dead_letters TO fintegrate_app;
GRANT SELECT, UPDATE ON recovery TO fintegrate_app;
GRANT SELECT, INSERT, UPDATE
    ON archive_turns, consumer_api_keys, customer_events, export_files, exports, last_reconciliation, offboardings,
       onboardings, replay_jobs, schedule_runs
    TO fintegrate_app;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON audit_log, broker_access, console_sessions, consumer_event_receipts, consumer_usage,
       consumers, customer_tags, customers, idempotency_keys, publishing_pauses,
       queue_observations, replay_batches, replays, stream_hours, stream_minutes,
       webhook_copies, webhook_tests, webhook_turns, webhooks
    TO fintegrate_app;
-- The one function that does not run with its caller's rights.
REVOKE EXECUTE ON FUNCTION erase_events(uuid, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_events(uuid, uuid, integer) TO fintegrate_app;
