-- Removes everything that 002_erased_users.up.sql made.

BEGIN;

REVOKE DELETE ON machine_notes, equipment_prefs FROM machine_db_app;

COMMIT;
