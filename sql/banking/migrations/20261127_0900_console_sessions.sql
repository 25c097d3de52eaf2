-- additive
-- Sessions of the console: a key is exchanged for a cookie, of which the SHA-256 is kept.
-- docs/decisions/0048.
--
-- Rollback:
--   DROP FUNCTION find_session(bytea, boolean);
--   DROP TABLE console_sessions;

BEGIN;

CREATE TABLE IF NOT EXISTS console_sessions (
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

CREATE INDEX IF NOT EXISTS console_sessions_living ON console_sessions (key_id, created_at) WHERE ended_at IS NULL;
CREATE INDEX IF NOT EXISTS console_sessions_by_age ON console_sessions (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON console_sessions TO fintegrate_app;

-- What a request must know of its session, its key and their consumer, in one statement. Outside of them
-- nobody knows the token. `used`: somebody has clicked, which keeps the session for another half hour;
-- a click within ten seconds of the last one writes nothing.
CREATE OR REPLACE FUNCTION find_session(
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

COMMIT;
