-- The result of the migrations, for readers. A test compares the two, so change this file in the same
-- commit as the migration. Times are timestamptz in UTC. No table is read by another service.

-- ---------------------------------------------------------------------------------------------
-- Programs of a user, their workouts, what was done, and what there is to be reminded of
-- ---------------------------------------------------------------------------------------------

-- What an event creates has the event's id. told has, by field, the sequence and the time of the event
-- that said it last: an older event never replaces what a newer one wrote. It has archived, too.
CREATE TABLE programs (
    program_id  uuid        NOT NULL,
    user_id     uuid        NOT NULL,
    name        text        NOT NULL,
    description text,
    weeks       integer,
    version     integer     NOT NULL DEFAULT 1,
    told        json        NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    archived_at timestamptz,
    CONSTRAINT programs_pkey PRIMARY KEY (program_id),
    CONSTRAINT programs_name_check CHECK (char_length(name) BETWEEN 1 AND 100),
    CONSTRAINT programs_description_check CHECK (char_length(description) <= 2000),
    CONSTRAINT programs_weeks_check CHECK (weeks BETWEEN 1 AND 52)
);

CREATE INDEX programs_by_age ON programs (user_id, created_at, program_id);

-- A workout keeps its row when it is deleted: sessions are of it, and what comes late cannot bring it
-- back. reminded_at is the remind_at that is done with; remind_event is the event that set remind_at.
CREATE TABLE workouts (
    workout_id   uuid        NOT NULL,
    program_id   uuid        NOT NULL,
    user_id      uuid        NOT NULL,
    name         text        NOT NULL,
    position     integer     NOT NULL,
    planned_at   timestamptz,
    remind_at    timestamptz,
    remind_event uuid,
    reminded_at  timestamptz,
    exercises    json        NOT NULL,
    told         json        NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    deleted_at   timestamptz,
    CONSTRAINT workouts_pkey PRIMARY KEY (workout_id),
    CONSTRAINT workouts_name_check CHECK (char_length(name) BETWEEN 1 AND 100),
    CONSTRAINT workouts_position_check CHECK (position BETWEEN 0 AND 999)
);

CREATE INDEX workouts_in_order
    ON workouts (program_id, position, workout_id) WHERE deleted_at IS NULL;
CREATE INDEX workouts_to_remind_of
    ON workouts (remind_at) WHERE deleted_at IS NULL AND remind_at IS DISTINCT FROM reminded_at;

CREATE TABLE workout_sessions (
    session_id uuid        NOT NULL,
    workout_id uuid        NOT NULL,
    program_id uuid        NOT NULL,
    user_id    uuid        NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz NOT NULL,
    entries    json        NOT NULL,
    notes      text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT workout_sessions_pkey PRIMARY KEY (session_id),
    CONSTRAINT workout_sessions_ended_at_check
        CHECK (ended_at > started_at AND ended_at <= started_at + interval '24 hours')
);

CREATE INDEX workout_sessions_by_age
    ON workout_sessions (program_id, created_at, session_id);

-- Reminders that have come, one for each time that a workout was to be reminded of. A reminder has the id
-- of its event.
CREATE TABLE reminders (
    reminder_id uuid        NOT NULL,
    workout_id  uuid        NOT NULL,
    program_id  uuid        NOT NULL,
    user_id     uuid        NOT NULL,
    name        text        NOT NULL,
    planned_at  timestamptz,
    remind_at   timestamptz NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT reminders_pkey PRIMARY KEY (reminder_id),
    CONSTRAINT reminders_time_key UNIQUE (workout_id, remind_at)
);

CREATE INDEX reminders_by_age ON reminders (user_id, created_at, reminder_id);

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

GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO program_db_app;
GRANT DELETE ON outbox TO program_db_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON inbox_attempts TO program_db_app;
GRANT SELECT, INSERT, UPDATE ON outbox, programs, workouts TO program_db_app;
GRANT SELECT, INSERT ON workout_sessions, reminders TO program_db_app;
GRANT DELETE ON programs, workouts, workout_sessions, reminders TO program_db_app;
