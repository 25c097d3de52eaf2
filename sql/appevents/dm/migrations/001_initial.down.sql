-- Removes everything that 001_initial.up.sql made.

BEGIN;

DROP TABLE IF EXISTS outbox;
DROP TABLE IF EXISTS inbox_attempts;
DROP TABLE IF EXISTS idempotency_keys;
DROP TABLE IF EXISTS messages;
DROP TABLE IF EXISTS participants;
DROP TABLE IF EXISTS conversation_starts;
DROP TABLE IF EXISTS conversations;

COMMIT;
