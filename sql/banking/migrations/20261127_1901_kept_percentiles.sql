-- additive
-- The lag that 95 of 100 events do not exceed is kept beside the counts of which it is made. A day by the minute is
-- 1,440 points with two of them each, and working them out took as long as reading the points. Writes the history of
-- streams anew; the first screen and the schedule that counts minutes wait meanwhile, and no request of a bank does.
--
-- Rollback:
--   ALTER TABLE stream_minutes DROP COLUMN publish_lag_p95_ms, DROP COLUMN process_lag_p95_ms;
--   ALTER TABLE stream_hours DROP COLUMN publish_lag_p95_ms, DROP COLUMN process_lag_p95_ms;
--   DROP FUNCTION lag_p95_ms(integer[]);

BEGIN;

-- The milliseconds that 95 of 100 lags do not exceed, by a straight line within their bucket, as
-- fintegrate.console.lag has it; NULL if nothing was counted. The bounds are those of the buckets, in seconds.
CREATE OR REPLACE FUNCTION lag_p95_ms(counts integer[]) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    bounds CONSTANT float8[] := '{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 900, 3600}';
    total bigint := 0;
    below bigint := 0;
    rank float8;
    least float8 := 0;
BEGIN
    FOR bucket IN 1 .. coalesce(cardinality(counts), 0) LOOP
        total := total + counts[bucket];
    END LOOP;
    rank := 0.95::float8 * total;
    FOR bucket IN 1 .. coalesce(cardinality(counts), 0) LOOP
        IF counts[bucket] > 0 AND below + counts[bucket] >= rank THEN
            RETURN round((least + (bounds[bucket] - least) * (rank - below) / counts[bucket]) * 1000);
        END IF;
        below := below + counts[bucket];
        least := bounds[bucket];
    END LOOP;
    RETURN NULL;
END
$$;

ALTER TABLE stream_minutes
    ADD COLUMN IF NOT EXISTS publish_lag_p95_ms integer GENERATED ALWAYS AS (lag_p95_ms(publish_lag)) STORED,
    ADD COLUMN IF NOT EXISTS process_lag_p95_ms integer GENERATED ALWAYS AS (lag_p95_ms(process_lag)) STORED;
ALTER TABLE stream_hours
    ADD COLUMN IF NOT EXISTS publish_lag_p95_ms integer GENERATED ALWAYS AS (lag_p95_ms(publish_lag)) STORED,
    ADD COLUMN IF NOT EXISTS process_lag_p95_ms integer GENERATED ALWAYS AS (lag_p95_ms(process_lag)) STORED;

COMMIT;
