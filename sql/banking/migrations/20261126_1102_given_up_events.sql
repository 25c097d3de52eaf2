-- additive
-- What became of an event that was given up: by whom, and whether it was sent after its successors.
-- Adding the columns rewrites nothing. The update reads the index of failed events only.
--
-- Rollback:
--   ALTER TABLE customer_events DROP COLUMN sent_late_at, DROP COLUMN publish_given_up_at;

BEGIN;

-- publish_given_up_at: when a person gave the event up (skip-head). Null if its tries were spent.
-- sent_late_at: when it was sent after a later event of its customer had been written.
ALTER TABLE customer_events
    ADD COLUMN IF NOT EXISTS publish_given_up_at timestamptz,
    ADD COLUMN IF NOT EXISTS sent_late_at timestamptz;

UPDATE customer_events
SET publish_given_up_at = clock_timestamp()
WHERE publish_status = 'failed' AND publish_given_up_at IS NULL
  AND publish_failure_reason LIKE 'skipped by the operator in request %';

COMMIT;
