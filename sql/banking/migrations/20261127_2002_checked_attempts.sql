-- additive
-- The attempts of before are checked, too. Others read and write them meanwhile.
--
-- Rollback:
--   SELECT 'nothing to undo';

BEGIN;

ALTER TABLE event_attempts VALIDATE CONSTRAINT event_attempts_by_check;

COMMIT;
