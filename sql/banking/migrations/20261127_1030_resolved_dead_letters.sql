-- additive
-- A dead letter may be resolved: by a person, or because it was sent again. What is resolved stays, and is
-- counted no more. Code before this counts every letter.
--
-- Rollback:
--   DROP INDEX dead_letters_by_reason, dead_letters_listed, dead_letters_open_unmatched;
--   REVOKE UPDATE (resolved_at, resolved_by, resolved_reason, requeued_at)
--       ON dead_letters FROM fintegrate_app;
--   ALTER TABLE dead_letters DROP COLUMN requeued_at, DROP COLUMN resolved_reason,
--       DROP COLUMN resolved_by, DROP COLUMN resolved_at;

BEGIN;

ALTER TABLE dead_letters
    ADD COLUMN IF NOT EXISTS resolved_at     timestamptz,
    ADD COLUMN IF NOT EXISTS resolved_by     text,
    ADD COLUMN IF NOT EXISTS resolved_reason text,
    ADD COLUMN IF NOT EXISTS requeued_at     timestamptz;

ALTER TABLE dead_letters
    DROP CONSTRAINT IF EXISTS dead_letters_resolved_check,
    ADD CONSTRAINT dead_letters_resolved_check
        CHECK ((resolved_at IS NULL) = (resolved_by IS NULL)
               AND (resolved_at IS NULL) = (resolved_reason IS NULL)
               AND (resolved_at IS NOT NULL OR requeued_at IS NULL));

-- Letters that match no event and are not resolved: an operator must examine them.
CREATE INDEX IF NOT EXISTS dead_letters_open_unmatched
    ON dead_letters (consumer_id) WHERE event_id IS NULL AND resolved_at IS NULL;
-- For lists, whose filters are any of these. What is included lets a count read nothing else.
CREATE INDEX IF NOT EXISTS dead_letters_listed
    ON dead_letters (consumer_id, (resolved_at IS NULL), (event_id IS NULL),
                     created_at, dead_letter_id)
    INCLUDE (resolved_at, event_id, reason);
CREATE INDEX IF NOT EXISTS dead_letters_by_reason
    ON dead_letters (consumer_id, reason, (resolved_at IS NULL), (event_id IS NULL),
                     created_at, dead_letter_id)
    INCLUDE (resolved_at, event_id);

GRANT UPDATE (resolved_at, resolved_by, resolved_reason, requeued_at)
    ON dead_letters TO fintegrate_app;

COMMIT;
