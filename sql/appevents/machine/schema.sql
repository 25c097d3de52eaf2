-- The result of the migrations, for readers. A test compares the two, so change this file in the same
-- commit as the migration. Times are timestamptz in UTC. No table is read by another service.

-- ---------------------------------------------------------------------------------------------
-- Notes and preferences of a user for a machine
-- ---------------------------------------------------------------------------------------------

-- A note keeps its row when it is deleted, so that what comes late cannot bring it back. What an event
-- creates has the event's id.
CREATE TABLE machine_notes (
    note_id    uuid        NOT NULL,
    user_id    uuid        NOT NULL,
    machine_id text        NOT NULL,
    body       text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    deleted_at timestamptz,
    CONSTRAINT machine_notes_pkey PRIMARY KEY (note_id),
    CONSTRAINT machine_notes_machine_id_check CHECK (char_length(machine_id) BETWEEN 1 AND 100),
    CONSTRAINT machine_notes_body_check CHECK (char_length(body) BETWEEN 1 AND 2000)
);

CREATE INDEX machine_notes_by_machine
    ON machine_notes (user_id, machine_id, created_at, note_id) WHERE deleted_at IS NULL;

-- What a user set on a machine, by name. An older event never replaces what a newer one wrote.
CREATE TABLE equipment_prefs (
    user_id    uuid        NOT NULL,
    machine_id text        NOT NULL,
    name       text        NOT NULL,
    value      json        NOT NULL,
    sequence   bigint,
    told_at    timestamptz NOT NULL,
    CONSTRAINT equipment_prefs_pkey PRIMARY KEY (user_id, machine_id, name)
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

GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO machine_db_app;
GRANT DELETE ON outbox TO machine_db_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON inbox_attempts TO machine_db_app;
GRANT SELECT, INSERT, UPDATE ON outbox, machine_notes, equipment_prefs TO machine_db_app;
GRANT DELETE ON machine_notes, equipment_prefs TO machine_db_app;
