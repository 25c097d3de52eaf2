-- The banks' own users of the broker, and a name to show for a consumer. A consumer's own name never
-- changes, because its queues are named after it. Both are additions: the functions of before neither
-- read nor write them. A rollback leaves the users in the broker: take each away first, with DELETE
-- /consumer/broker-access.
--
-- Rollback:
--   DROP TABLE broker_access;
--   ALTER TABLE consumers DROP COLUMN display_name;

BEGIN;

ALTER TABLE consumers ADD COLUMN IF NOT EXISTS display_name text;
ALTER TABLE consumers DROP CONSTRAINT IF EXISTS consumers_display_name_check;
ALTER TABLE consumers ADD CONSTRAINT consumers_display_name_check
    CHECK (char_length(display_name) BETWEEN 1 AND 255);

-- A consumer's user of the broker: what is wanted. The function broker_admin brings it about and writes
-- down in applied_revision which wish the broker fulfils.
CREATE TABLE IF NOT EXISTS broker_access (
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

COMMIT;
