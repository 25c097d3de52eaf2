-- Removes everything that 005_audit_log.up.sql made.

BEGIN;

DROP TABLE IF EXISTS audit_log;
DROP FUNCTION IF EXISTS refuse_audit_change;

COMMIT;
