-- additive
-- Each filter of the audit log's list has an index in the list's order. Rows are written by the admins' acts
-- and by refusals, of which each user has so many a minute: no event pays for them.
--
-- Rollback:
--   DROP INDEX audit_log_by_actor, audit_log_by_action, audit_log_by_status;

BEGIN;

CREATE INDEX IF NOT EXISTS audit_log_by_actor ON audit_log (actor, created_at DESC) WHERE actor IS NOT NULL;
CREATE INDEX IF NOT EXISTS audit_log_by_action ON audit_log (action, created_at DESC);
CREATE INDEX IF NOT EXISTS audit_log_by_status ON audit_log (status_code, created_at DESC);

COMMIT;
