-- The history of streams, per minute and per hour. The indexes are of rows that are out of the ordinary: a
-- create, its publish and its confirmation as processed write to none of them.
--
-- additive
--
-- Rollback:
--   DROP TABLE stream_minutes, stream_hours;
--   DROP INDEX customer_events_published_late, customer_events_redelivered;

BEGIN;

-- What happened to a stream (a consumer's events) in a minute, and what waited at its end. The nil UUID is all
-- streams together: a minute that was counted has its row. What happened is NULL until it is counted, what waited
-- is NULL where nobody looked. Lag is counted in the buckets of fintegrate.console.lag, because percentiles do not
-- add up: from commit to publish, and from commit to the consumer's word that it processed the event.
CREATE TABLE IF NOT EXISTS stream_minutes (
    consumer_id               uuid        NOT NULL,
    minute                    timestamptz NOT NULL,
    committed                 integer,
    published                 integer,
    received                  integer,
    processed                 integer,
    failed                    integer,
    redelivered               integer,
    publish_lag               integer[],
    process_lag               integer[],
    pending                   integer,
    held_back                 integer,
    undelivered               integer,
    oldest_pending_seconds    real,
    oldest_held_back_seconds  real,
    oldest_undelivered_seconds real,
    queue_depth               bigint,
    readers                   integer,
    CONSTRAINT stream_minutes_pkey PRIMARY KEY (consumer_id, minute),
    CONSTRAINT stream_minutes_lag_check
        CHECK (cardinality(publish_lag) = 14 AND cardinality(process_lag) = 14)
);

-- The same of an hour: the sums of its minutes, and of what waited the most. minutes: how many were counted.
CREATE TABLE IF NOT EXISTS stream_hours (
    consumer_id               uuid        NOT NULL,
    hour                      timestamptz NOT NULL,
    minutes                   integer     NOT NULL,
    committed                 integer     NOT NULL,
    published                 integer     NOT NULL,
    received                  integer     NOT NULL,
    processed                 integer     NOT NULL,
    failed                    integer     NOT NULL,
    redelivered               integer     NOT NULL,
    publish_lag               integer[]   NOT NULL,
    process_lag               integer[]   NOT NULL,
    pending                   integer,
    held_back                 integer,
    undelivered               integer,
    oldest_pending_seconds    real,
    oldest_held_back_seconds  real,
    oldest_undelivered_seconds real,
    queue_depth               bigint,
    readers                   integer,
    CONSTRAINT stream_hours_pkey PRIMARY KEY (consumer_id, hour)
);

-- Events that were published more than a minute after their commit, by when that was. The others are found by
-- when they were committed.
CREATE INDEX IF NOT EXISTS customer_events_published_late
    ON customer_events (published_at) INCLUDE (consumer_id, created_at)
    WHERE published_at - created_at > interval '60 seconds';
-- Events that were sent again, by when that was.
CREATE INDEX IF NOT EXISTS customer_events_redelivered
    ON customer_events (deliver_last_tried_at) INCLUDE (consumer_id)
    WHERE deliver_last_tried_at IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON stream_minutes, stream_hours TO fintegrate_app;

COMMIT;
