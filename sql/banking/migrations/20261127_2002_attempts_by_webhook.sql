-- additive
-- Validates who attempts may be by. Others write meanwhile.
--
-- Rollback:
--   SELECT 'nothing to undo';

BEGIN;

ALTER TABLE event_attempts VALIDATE CONSTRAINT event_attempts_by_check;

COMMIT;
