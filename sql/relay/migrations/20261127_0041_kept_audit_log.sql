-- additive
-- Whoever acts as the functions' user can add to the audit log, and cannot take its trail away: no row
-- changes, and none goes before its eighth day. The purge deletes what is older than RELAY_AUDIT_DAYS.
--
-- Rollback:
--   REVOKE SELECT, UPDATE, DELETE ON audit_log FROM relay_app;
--   DROP TRIGGER audit_log_immutable ON audit_log;
--   DROP TRIGGER audit_log_kept ON audit_log;
--   DROP FUNCTION refuse_audit_change;

BEGIN;

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
GRANT SELECT, UPDATE, DELETE ON audit_log TO relay_app;

COMMIT;
