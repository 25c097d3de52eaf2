-- Removes everything that 002_erased_users.up.sql made.

BEGIN;

REVOKE UPDATE (body) ON messages FROM dm_db_app;

COMMIT;
