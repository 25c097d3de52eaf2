-- Removes everything that 001_initial.up.sql made.

BEGIN;

DROP TABLE IF EXISTS outbox;
DROP TABLE IF EXISTS inbox_attempts;
DROP TABLE IF EXISTS idempotency_keys;
DROP TABLE IF EXISTS signing_keys;
DROP TABLE IF EXISTS feed_access_attempts;
DROP TABLE IF EXISTS feed_access;
DROP TABLE IF EXISTS app_settings;
DROP TABLE IF EXISTS user_settings;

COMMIT;
