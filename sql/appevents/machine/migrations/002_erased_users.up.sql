-- additive
-- A user can be erased.

BEGIN;

GRANT DELETE ON machine_notes, equipment_prefs TO machine_db_app;

COMMIT;
