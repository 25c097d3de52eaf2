-- additive
-- The history of an event: attempts that failed, every copy that was sent again, and what a person did to it.
-- A first success writes nothing: it stands in the event's own columns.
--
-- Rollback:
--   DROP TABLE event_attempts;

BEGIN;

-- caused_by: the request or the job behind it; null for a schedule. outcome: how the broker answered, or what
-- became of the event. words: the broker's or the person's.
CREATE TABLE IF NOT EXISTS event_attempts (
    event_id    uuid        NOT NULL,
    attempt_id  bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    consumer_id uuid        NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    by          text        NOT NULL,
    outcome     text        NOT NULL,
    words       text,
    caused_by   text,
    CONSTRAINT event_attempts_pkey PRIMARY KEY (event_id, attempt_id),
    CONSTRAINT event_attempts_by_check CHECK (by IN
        ('request', 'resend', 'redeliver', 'replay', 'rewind', 'requeue', 'skip')),
    CONSTRAINT event_attempts_outcome_check CHECK (outcome IN
        ('confirmed', 'refused', 'nacked', 'unroutable', 'unconfirmed', 'unsent', 'given_up', 'reopened',
         'given_back'))
);

-- For purge.
CREATE INDEX IF NOT EXISTS event_attempts_by_age ON event_attempts (at);

GRANT SELECT, INSERT, DELETE ON event_attempts TO fintegrate_app;

COMMIT;
