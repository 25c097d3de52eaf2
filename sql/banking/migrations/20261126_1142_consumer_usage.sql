-- What each consumer has used of its bounds, counted outside the requests. Code that asks for it must be
-- rolled back first.
--
-- Rollback:
--   DROP FUNCTION used_up(uuid);
--   DROP TABLE consumer_usage;

BEGIN;

-- A row per consumer, written by the schedule count_usage. The counts are of what was written before
-- counted_until; the flags are of all that was written when it ran. events_of_day is of the UTC day `day`.
CREATE TABLE IF NOT EXISTS consumer_usage (
    consumer_id    uuid        NOT NULL,
    day            date        NOT NULL,
    events_of_day  bigint      NOT NULL,
    customers      bigint      NOT NULL,
    counted_until  timestamptz NOT NULL,
    events_full    boolean     NOT NULL,
    customers_full boolean     NOT NULL,
    CONSTRAINT consumer_usage_pkey PRIMARY KEY (consumer_id)
);

-- The bounds that a consumer has used up: of `customers` and `events`. Each request asks for it with its
-- key. A day's events count until its end, even if nobody counts again.
CREATE OR REPLACE FUNCTION used_up(of_consumer uuid) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT array_remove(ARRAY[
                CASE WHEN customers_full THEN 'customers' END,
                CASE WHEN events_full AND day = (clock_timestamp() AT TIME ZONE 'UTC')::date
                     THEN 'events' END], NULL)
            FROM consumer_usage
            WHERE consumer_id = of_consumer);
END
$$;

COMMIT;
