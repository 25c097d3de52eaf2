-- The result of the migrations, for readers. A test compares the two, so change this file in the same
-- commit as the migration. Times are timestamptz in UTC. No table is read by another service.

-- ---------------------------------------------------------------------------------------------
-- Conversations, who takes part, and what they say
-- ---------------------------------------------------------------------------------------------

-- A conversation of two people has both as its pair, the smaller id first, so there is one. Its row is
-- locked until a message's commit: sequences have no gaps, and grow in commit order.
CREATE TABLE conversations (
    conversation_id  uuid        NOT NULL,
    started_by       uuid        NOT NULL,
    pair_first       uuid,
    pair_second      uuid,
    last_sequence    bigint      NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_activity_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT conversations_pkey PRIMARY KEY (conversation_id),
    CONSTRAINT conversations_pair_key UNIQUE (pair_first, pair_second),
    CONSTRAINT conversations_pair_check
        CHECK ((pair_first IS NULL) = (pair_second IS NULL) AND pair_first < pair_second)
);

-- Every start, and the conversation that it led to: its own, or the one that these two people had. Who
-- started knows the conversation by the start's id.
CREATE TABLE conversation_starts (
    start_id        uuid        NOT NULL,
    user_id         uuid        NOT NULL,
    conversation_id uuid        NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT conversation_starts_pkey PRIMARY KEY (start_id)
);

CREATE TABLE participants (
    conversation_id uuid   NOT NULL,
    user_id         uuid   NOT NULL,
    read_up_to      bigint NOT NULL DEFAULT 0,
    CONSTRAINT participants_pkey PRIMARY KEY (conversation_id, user_id)
);

CREATE INDEX participants_by_user ON participants (user_id, conversation_id);

-- What an event creates has the event's id. sent_at is when it was sent, by our clock, also from a phone
-- that was offline.
CREATE TABLE messages (
    message_id      uuid        NOT NULL,
    conversation_id uuid        NOT NULL,
    user_id         uuid        NOT NULL,
    sequence        bigint      NOT NULL,
    body            text        NOT NULL,
    sent_at         timestamptz NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT messages_pkey PRIMARY KEY (message_id),
    CONSTRAINT messages_sequence_key UNIQUE (conversation_id, sequence),
    CONSTRAINT messages_body_check CHECK (char_length(body) BETWEEN 1 AND 4000)
);

-- ---------------------------------------------------------------------------------------------
-- The inbox and the outbox: each service has both
-- ---------------------------------------------------------------------------------------------

-- The events that were applied or rejected here, each once. Kept longer than a queue can hold a message.
CREATE TABLE idempotency_keys (
    user_id             uuid        NOT NULL,
    client_generated_id uuid        NOT NULL,
    event_type          text        NOT NULL,
    outcome             text        NOT NULL,
    processed_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, client_generated_id),
    CONSTRAINT idempotency_keys_outcome_check CHECK (outcome IN ('processed', 'rejected'))
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (processed_at);

-- Messages that came again, and how often a function has begun them without an end. message is a hash of
-- its id and body.
CREATE TABLE inbox_attempts (
    message  text        NOT NULL,
    starts   integer     NOT NULL DEFAULT 1,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT inbox_attempts_pkey PRIMARY KEY (message)
);

-- Events of this service, written with what they tell. failure_reason also says that no function is
-- publishing a row any more. Rows go a day after they were published.
CREATE TABLE outbox (
    id                  bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    event_type          text        NOT NULL,
    client_generated_id uuid        NOT NULL,
    user_id             uuid        NOT NULL,
    causation_id        uuid,
    data                json        NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    publish_status      text        NOT NULL DEFAULT 'pending',
    published_at        timestamptz,
    try_count           integer     NOT NULL DEFAULT 0,
    failure_reason      text,
    CONSTRAINT outbox_pkey PRIMARY KEY (id),
    CONSTRAINT outbox_publish_status_check CHECK (publish_status IN ('pending', 'published'))
);

CREATE INDEX outbox_pending ON outbox (id) WHERE publish_status = 'pending';
CREATE INDEX outbox_by_age ON outbox (published_at) WHERE publish_status = 'published';

CREATE TABLE migration_history (
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    additive   boolean     NOT NULL DEFAULT false,
    CONSTRAINT migration_history_pkey PRIMARY KEY (name)
);

-- ---------------------------------------------------------------------------------------------
-- What the functions' user may do: with each table what a statement of theirs does. It owns nothing.
-- ---------------------------------------------------------------------------------------------

GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO dm_db_app;
GRANT DELETE ON outbox TO dm_db_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON inbox_attempts TO dm_db_app;
GRANT SELECT, INSERT, UPDATE ON outbox, conversations, conversation_starts, participants TO dm_db_app;
GRANT SELECT, INSERT ON messages TO dm_db_app;
GRANT UPDATE (body) ON messages TO dm_db_app;
