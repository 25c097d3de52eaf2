-- Removes everything that 006_erasures.up.sql made.

BEGIN;

DROP TABLE IF EXISTS erasures;

COMMIT;
