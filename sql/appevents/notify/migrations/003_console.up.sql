-- additive
-- The console lists the events of all users by time, and finds one by its id.

BEGIN;

CREATE INDEX IF NOT EXISTS events_by_time ON events (received_at, client_generated_id);
CREATE INDEX IF NOT EXISTS events_by_id ON events (client_generated_id);
CREATE INDEX IF NOT EXISTS events_rejected
    ON events (received_at, client_generated_id) WHERE outcome_status = 'rejected';
CREATE INDEX IF NOT EXISTS dead_letters_of_event ON dead_letters (client_generated_id, user_id);

-- The first of these does what this one did.
DROP INDEX IF EXISTS events_by_age;

COMMIT;
