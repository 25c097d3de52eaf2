-- The first schema: tenants and keys, customers, the outbox, receipts, dead letters, and what every
-- request shares; and the built-in admin consumer.
--
-- Rollback:
--   DROP TABLE audit_log;
--   DROP TABLE idempotency_keys;
--   DROP TABLE dead_letters;
--   DROP TABLE consumer_event_receipts;
--   DROP TABLE customer_events;
--   DROP TABLE customer_analytics;
--   DROP TABLE customer_tags;
--   DROP TABLE customers;
--   DROP TABLE consumer_api_keys;
--   DROP TABLE consumers;
--   DROP FUNCTION refuse_event_change;

BEGIN;

-- ---------------------------------------------------------------------------------------------
-- Tenants and their keys
-- ---------------------------------------------------------------------------------------------

-- A consumer is an external banking system: the tenant. Never deleted, only deactivated.
CREATE TABLE IF NOT EXISTS consumers (
    consumer_id uuid        NOT NULL DEFAULT gen_random_uuid(),
    name        text        NOT NULL,
    status      text        NOT NULL DEFAULT 'active',
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT consumers_pkey PRIMARY KEY (consumer_id),
    CONSTRAINT consumers_name_key UNIQUE (name),
    CONSTRAINT consumers_name_check CHECK (name ~ '^[a-z0-9_]{1,64}$'),
    CONSTRAINT consumers_status_check CHECK (status IN ('active', 'deactivated'))
);

-- key_id is the public id that stands in the key; of the secret only the bcrypt hash is kept.
CREATE TABLE IF NOT EXISTS consumer_api_keys (
    key_id         uuid        NOT NULL DEFAULT gen_random_uuid(),
    consumer_id    uuid        NOT NULL,
    api_key_hash   text        NOT NULL,
    api_key_status text        NOT NULL DEFAULT 'active',
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT consumer_api_keys_pkey PRIMARY KEY (key_id),
    CONSTRAINT consumer_api_keys_status_check
        CHECK (api_key_status IN ('active', 'expired', 'deactivated'))
);

-- At most one active key per consumer.
CREATE UNIQUE INDEX IF NOT EXISTS consumer_api_keys_one_active
    ON consumer_api_keys (consumer_id) WHERE api_key_status = 'active';
-- A consumer's newest key, whatever its status.
CREATE INDEX IF NOT EXISTS consumer_api_keys_by_consumer ON consumer_api_keys (consumer_id, created_at DESC);
-- What expire_api_keys looks for.
CREATE INDEX IF NOT EXISTS consumer_api_keys_due ON consumer_api_keys (expires_at) WHERE api_key_status = 'active';

-- ---------------------------------------------------------------------------------------------
-- Customers
-- ---------------------------------------------------------------------------------------------

-- event_sequence is the sequence of the customer's newest event. Every change of a customer updates
-- this row first, so its row lock puts the customer's events in commit order without gaps.
CREATE TABLE IF NOT EXISTS customers (
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

CREATE INDEX IF NOT EXISTS customers_by_consumer
    ON customers (consumer_id, created_at DESC, customer_id DESC);

CREATE TABLE IF NOT EXISTS customer_tags (
    customer_id uuid        NOT NULL,
    tag_key     text        NOT NULL,
    tag_value   text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT customer_tags_pkey PRIMARY KEY (customer_id, tag_key),
    CONSTRAINT customer_tags_key_check CHECK (char_length(tag_key) BETWEEN 1 AND 100),
    CONSTRAINT customer_tags_value_check CHECK (char_length(tag_value) <= 1000)
);

CREATE INDEX IF NOT EXISTS customer_tags_by_key ON customer_tags (tag_key, customer_id);

-- Snapshots outlive their customer.
CREATE TABLE IF NOT EXISTS customer_analytics (
    snapshot_id  uuid        NOT NULL DEFAULT gen_random_uuid(),
    customer_id  uuid        NOT NULL,
    consumer_id  uuid        NOT NULL,
    snapshot_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    tags_json    jsonb       NOT NULL,
    metrics_json jsonb       NOT NULL,
    CONSTRAINT customer_analytics_pkey PRIMARY KEY (snapshot_id)
);

CREATE INDEX IF NOT EXISTS customer_analytics_by_customer
    ON customer_analytics (customer_id, snapshot_at DESC, snapshot_id DESC);

-- ---------------------------------------------------------------------------------------------
-- The outbox
-- ---------------------------------------------------------------------------------------------

-- One row per event, written in the transaction of the change that it tells of. customer_id is the
-- event's subject: the customer, or for consumer_created the new consumer.
CREATE TABLE IF NOT EXISTS customer_events (
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

CREATE INDEX IF NOT EXISTS customer_events_by_consumer
    ON customer_events (consumer_id, created_at DESC, event_id DESC);

-- The work that waits, and nothing else: what finding it costs depends on the work, not the table.
CREATE INDEX IF NOT EXISTS customer_events_pending
    ON customer_events (created_at, event_id) WHERE publish_status = 'pending';
CREATE INDEX IF NOT EXISTS customer_events_pending_by_customer
    ON customer_events (customer_id, sequence) WHERE publish_status = 'pending';
CREATE INDEX IF NOT EXISTS customer_events_undelivered
    ON customer_events (created_at, event_id)
    WHERE publish_status = 'published' AND deliver_status = 'pending';
CREATE INDEX IF NOT EXISTS customer_events_publish_failed
    ON customer_events (created_at, event_id) WHERE publish_status = 'failed';
CREATE INDEX IF NOT EXISTS customer_events_delivery_failed
    ON customer_events (created_at, event_id) WHERE deliver_status = 'failed';

-- What happened stays: rows are never deleted, and of a row only the publish and delivery columns
-- may change. The column list makes the trigger cost nothing for the changes that are allowed.
CREATE OR REPLACE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'customer_events is append-only: % refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER customer_events_no_delete
    BEFORE DELETE ON customer_events
    FOR EACH ROW EXECUTE FUNCTION refuse_event_change();
CREATE OR REPLACE TRIGGER customer_events_no_truncate
    BEFORE TRUNCATE ON customer_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_event_change();
CREATE OR REPLACE TRIGGER customer_events_immutable
    BEFORE UPDATE OF event_id, consumer_id, customer_id, sequence, event_type, source_service,
                     payload_json, metadata_json, created_at
    ON customer_events
    FOR EACH ROW EXECUTE FUNCTION refuse_event_change();

-- What the consumer said of an event: the receipt.
CREATE TABLE IF NOT EXISTS consumer_event_receipts (
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
    CONSTRAINT consumer_event_receipts_pkey PRIMARY KEY (receipt_id),
    CONSTRAINT consumer_event_receipts_once UNIQUE (consumer_id, event_id),
    CONSTRAINT consumer_event_receipts_status_check
        CHECK (processing_status IN ('received', 'processed', 'failed'))
);

-- What purge looks for.
CREATE INDEX IF NOT EXISTS consumer_event_receipts_by_age ON consumer_event_receipts (updated_at);

-- A message that ended in a dead-letter queue, kept as it came. The fingerprint recognises one that
-- the broker hands over again because its acknowledgement was lost.
CREATE TABLE IF NOT EXISTS dead_letters (
    dead_letter_id  uuid        NOT NULL DEFAULT gen_random_uuid(),
    queue_name      text        NOT NULL,
    consumer_id     uuid,
    event_id        uuid,
    reason          text        NOT NULL,
    body            bytea       NOT NULL,
    properties_json jsonb       NOT NULL,
    fingerprint     text        NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT dead_letters_pkey PRIMARY KEY (dead_letter_id),
    CONSTRAINT dead_letters_fingerprint_key UNIQUE (fingerprint)
);

CREATE INDEX IF NOT EXISTS dead_letters_by_event ON dead_letters (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS dead_letters_by_consumer ON dead_letters (consumer_id, created_at DESC);
-- Those that no event can be found for: somebody has to look at them.
CREATE INDEX IF NOT EXISTS dead_letters_unmatched ON dead_letters (created_at) WHERE event_id IS NULL;

-- ---------------------------------------------------------------------------------------------
-- What every request shares
-- ---------------------------------------------------------------------------------------------

-- The key, the answer and the business rows commit together; keys are per consumer.
CREATE TABLE IF NOT EXISTS idempotency_keys (
    consumer_id     uuid        NOT NULL,
    idempotency_key text        NOT NULL,
    request_hash    text        NOT NULL,
    response_status integer,
    response_json   json,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (consumer_id, idempotency_key),
    CONSTRAINT idempotency_keys_key_check CHECK (char_length(idempotency_key) BETWEEN 1 AND 255)
);

CREATE INDEX IF NOT EXISTS idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE IF NOT EXISTS audit_log (
    audit_id    uuid        NOT NULL DEFAULT gen_random_uuid(),
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    request_id  text        NOT NULL,
    consumer_id uuid,
    key_id      uuid,
    action      text        NOT NULL,
    status_code integer     NOT NULL,
    reason      text        NOT NULL,
    source_ip   text,
    CONSTRAINT audit_log_pkey PRIMARY KEY (audit_id),
    CONSTRAINT audit_log_status_code_check CHECK (status_code BETWEEN 100 AND 599)
);

CREATE INDEX IF NOT EXISTS audit_log_by_age ON audit_log (created_at);
CREATE INDEX IF NOT EXISTS audit_log_by_consumer ON audit_log (consumer_id, created_at DESC);
CREATE INDEX IF NOT EXISTS audit_log_by_request ON audit_log (request_id);

-- ---------------------------------------------------------------------------------------------
-- The built-in tenant whose key manages the others
-- ---------------------------------------------------------------------------------------------

INSERT INTO consumers (consumer_id, name)
VALUES ('00000000-0000-0000-0000-000000000001', 'system_default')
ON CONFLICT DO NOTHING;

COMMIT;
