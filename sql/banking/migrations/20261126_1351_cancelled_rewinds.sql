-- additive
-- A rewind can be cancelled. Older code goes on with a job that was cancelled, which loses nothing.
--
-- Rollback:
--   ALTER TABLE replay_jobs DROP COLUMN cancelled_at, DROP COLUMN emptying_at;

BEGIN;

-- emptying_at: from then on the queue may be gone. cancelled_at: from then on nothing more is sent.
ALTER TABLE replay_jobs
    ADD COLUMN IF NOT EXISTS emptying_at timestamptz,
    ADD COLUMN IF NOT EXISTS cancelled_at timestamptz;

-- Of a job that has waited for publishers, older code may have emptied the queue without saying so.
UPDATE replay_jobs
SET emptying_at = clock_timestamp()
WHERE status = 'held' AND quiet_xid IS NOT NULL AND emptying_at IS NULL;

COMMIT;
