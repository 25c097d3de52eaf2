-- additive
-- A user can be erased. Code before this keeps what comes late of what was told.

BEGIN;

-- Who had a user erased, when and why, and the user's last event before: nothing is kept of what was told up to
-- there. What became of it stands in events, as requests to the services. Rows stay as they are.
CREATE TABLE IF NOT EXISTS erasures (
    user_id       uuid        NOT NULL,
    last_sequence bigint      NOT NULL,
    reason        text        NOT NULL,
    key_id        text        NOT NULL,
    actor         text,
    request_id    text        NOT NULL,
    begun_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT erasures_pkey PRIMARY KEY (user_id, last_sequence)
);

GRANT SELECT, INSERT ON erasures TO notify_db_app;

COMMIT;
