-- additive
-- A user can be erased.

BEGIN;

GRANT DELETE ON user_settings, app_settings TO settings_db_app;

COMMIT;
