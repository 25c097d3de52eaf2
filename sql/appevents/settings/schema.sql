-- The result of the migrations, for readers. A test compares the two, so change this file in the same
-- commit as the migration. Times are timestamptz in UTC. No table is read by another service.

-- ---------------------------------------------------------------------------------------------
-- Settings of users and of the app
-- ---------------------------------------------------------------------------------------------

-- What users say of themselves. fields has, by name, an object of value, effective_at and sequence: when
-- the field was set, and the place of that event among its user's. A field is replaced by a later one only.
CREATE TABLE user_settings (
    user_id    uuid        NOT NULL,
    fields     jsonb       NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT user_settings_pkey PRIMARY KEY (user_id)
);

-- How the app behaves for users, in the same form; each notification is a field of its own.
CREATE TABLE app_settings (
    user_id    uuid        NOT NULL,
    fields     jsonb       NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT app_settings_pkey PRIMARY KEY (user_id)
);

-- ---------------------------------------------------------------------------------------------
-- Access to feeds
-- ---------------------------------------------------------------------------------------------

-- Who may see whose feed. An owner without a row has a public feed. Each change raises access_version, and
-- with it ends what was granted before. passcode_hash is bcrypt's.
CREATE TABLE feed_access (
    owner_id       uuid        NOT NULL,
    visibility     text        NOT NULL,
    passcode_hash  text,
    access_version bigint      NOT NULL,
    changed_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT feed_access_pkey PRIMARY KEY (owner_id),
    CONSTRAINT feed_access_visibility_check CHECK (visibility IN ('public', 'passcode')),
    CONSTRAINT feed_access_passcode_check CHECK ((visibility = 'passcode') = (passcode_hash IS NOT NULL))
);

-- The latest tries at the passcode of a feed: whose, which, and when. The three arrays belong together. One
-- row a feed, so that tries at once are counted one after another.
CREATE TABLE feed_access_attempts (
    owner_id uuid          NOT NULL,
    viewers  uuid[]        NOT NULL,
    ids      uuid[]        NOT NULL,
    times    timestamptz[] NOT NULL,
    CONSTRAINT feed_access_attempts_pkey PRIMARY KEY (owner_id)
);

-- The latest tries of a viewer at the passcodes of all feeds: which, and when.
CREATE TABLE viewer_access_attempts (
    user_id uuid          NOT NULL,
    ids     uuid[]        NOT NULL,
    times   timestamptz[] NOT NULL,
    CONSTRAINT viewer_access_attempts_pkey PRIMARY KEY (user_id)
);

-- The keys that sign access tokens. The one that is not superseded signs. private_key is sealed with the
-- key private_key_id of the ring, and goes when the key is superseded.
CREATE TABLE signing_keys (
    kid            text        NOT NULL,
    public_key     json        NOT NULL,
    private_key    text,
    private_key_id text,
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    superseded_at  timestamptz,
    CONSTRAINT signing_keys_pkey PRIMARY KEY (kid),
    CONSTRAINT signing_keys_private_check CHECK (
        (superseded_at IS NULL) = (private_key IS NOT NULL)
        AND (private_key IS NULL) = (private_key_id IS NULL))
);

CREATE UNIQUE INDEX signing_keys_current
    ON signing_keys ((superseded_at IS NULL)) WHERE superseded_at IS NULL;

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

GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO settings_db_app;
GRANT DELETE ON outbox TO settings_db_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON inbox_attempts, feed_access_attempts, viewer_access_attempts
    TO settings_db_app;
GRANT SELECT, INSERT, UPDATE ON outbox, user_settings, app_settings, feed_access, signing_keys
    TO settings_db_app;
GRANT DELETE ON user_settings, app_settings TO settings_db_app;
