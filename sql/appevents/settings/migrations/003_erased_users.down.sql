-- Removes everything that 003_erased_users.up.sql made.

BEGIN;

REVOKE DELETE ON user_settings, app_settings FROM settings_db_app;

COMMIT;
