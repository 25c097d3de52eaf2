-- additive
-- Bounds the tries of one viewer over all feeds.

BEGIN;

-- The latest tries of a viewer at the passcodes of all feeds: which, and when.
CREATE TABLE IF NOT EXISTS viewer_access_attempts (
    user_id uuid          NOT NULL,
    ids     uuid[]        NOT NULL,
    times   timestamptz[] NOT NULL,
    CONSTRAINT viewer_access_attempts_pkey PRIMARY KEY (user_id)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON viewer_access_attempts TO settings_db_app;

COMMIT;
