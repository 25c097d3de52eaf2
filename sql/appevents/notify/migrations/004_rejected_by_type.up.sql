-- additive
-- The console groups the rejections of one function: those of its types, however many others there are.

BEGIN;

CREATE INDEX IF NOT EXISTS events_rejected_of_type
    ON events (event_type, received_at) WHERE outcome_status = 'rejected';

COMMIT;
