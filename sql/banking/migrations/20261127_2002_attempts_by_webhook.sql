-- additive
-- Validates who attempts may be by. Others write meanwhile.
--
-- Rollback: nothing to do.

BEGIN;

ALTER TABLE event_attempts VALIDATE CONSTRAINT event_attempts_by_check;

COMMIT;
