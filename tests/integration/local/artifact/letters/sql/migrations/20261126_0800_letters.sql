-- Letters.
-- Rollback: DROP TABLE letters;
BEGIN;

CREATE TABLE IF NOT EXISTS letters (id bigint GENERATED ALWAYS AS IDENTITY, body text NOT NULL);
GRANT SELECT, INSERT ON letters TO letters_app;

COMMIT;
