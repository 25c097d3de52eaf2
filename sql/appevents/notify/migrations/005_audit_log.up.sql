-- additive
-- Who acted as an operator, in which request, and why. Whoever acts as the functions' user can add to it, and
-- cannot take its trail away: no row changes, and none goes before its eighth day. The purge deletes what is
-- older than APP_AUDIT_DAYS.

BEGIN;

CREATE TABLE IF NOT EXISTS audit_log (
    audit_id         uuid        NOT NULL DEFAULT gen_random_uuid(),
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    request_id       text        NOT NULL,
    owner_id         text,
    key_id           text,
    action           text        NOT NULL,
    status_code      integer     NOT NULL,
    reason           text        NOT NULL,
    source_ip        text,
    actor            text,
    session_id       uuid,
    subject_owner_id text,
    details          jsonb,
    CONSTRAINT audit_log_pkey PRIMARY KEY (audit_id),
    CONSTRAINT audit_log_status_code_check CHECK (status_code BETWEEN 100 AND 599)
);

CREATE INDEX IF NOT EXISTS audit_log_by_age ON audit_log (created_at);
CREATE INDEX IF NOT EXISTS audit_log_by_request ON audit_log (request_id);
CREATE INDEX IF NOT EXISTS audit_log_by_actor ON audit_log (actor, created_at DESC) WHERE actor IS NOT NULL;
CREATE INDEX IF NOT EXISTS audit_log_by_action ON audit_log (action, created_at DESC);
CREATE INDEX IF NOT EXISTS audit_log_by_status ON audit_log (status_code, created_at DESC);

CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log keeps its rows for seven days, and as they are: % refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER audit_log_immutable
    BEFORE UPDATE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE OR REPLACE TRIGGER audit_log_kept
    BEFORE DELETE ON audit_log
    FOR EACH ROW WHEN (OLD.created_at > clock_timestamp() - interval '7 days')
    EXECUTE FUNCTION refuse_audit_change();

-- Rows are locked before they are deleted, which PostgreSQL counts as UPDATE.
GRANT SELECT, INSERT, UPDATE, DELETE ON audit_log TO notify_db_app;

COMMIT;
