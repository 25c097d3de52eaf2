-- What the broker last said of each consumer's queue. Redeliver reads it, so that it sends an event again
-- only when no copy can be in the queue. Code before this does not know the table.
--
-- Rollback:
--   DROP TABLE queue_observations;

BEGIN;

CREATE TABLE IF NOT EXISTS queue_observations (
    consumer_id    uuid        NOT NULL,
    present        boolean     NOT NULL,
    ready          bigint,
    unacknowledged bigint,
    consumers      integer,
    observed_at    timestamptz NOT NULL,
    CONSTRAINT queue_observations_pkey PRIMARY KEY (consumer_id)
);

COMMIT;
