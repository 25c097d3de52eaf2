-- The epoch of the database's history, and how far the recovery after a restore has come. Every message
-- bears the epoch; a recovery raises it.
-- Code from before sends no epoch, which consumers read as 1. So this is not additive: after a recovery
-- they would ignore its messages. Roll back only while the epoch is 1.
--
-- Rollback:
--   DROP FUNCTION sending_epoch;
--   DROP TABLE lost_events;
--   DROP TABLE recovery;

BEGIN;

CREATE TABLE IF NOT EXISTS recovery (
    only_row   boolean     NOT NULL DEFAULT true,
    epoch      integer     NOT NULL DEFAULT 1,
    witness    uuid        NOT NULL DEFAULT gen_random_uuid(),
    beats      bigint      NOT NULL DEFAULT 0,
    suspicion  text,
    stage      text        NOT NULL DEFAULT 'none',
    backup_at  timestamptz,
    began_at   timestamptz,
    reason     text,
    CONSTRAINT recovery_pkey PRIMARY KEY (only_row),
    CONSTRAINT recovery_only_row_check CHECK (only_row),
    CONSTRAINT recovery_epoch_check CHECK (epoch >= 1),
    CONSTRAINT recovery_stage_check CHECK (stage IN ('none', 'begun', 'reading', 'rewinding')),
    CONSTRAINT recovery_began_check
        CHECK ((stage = 'none') = (backup_at IS NULL OR began_at IS NULL OR reason IS NULL))
);
INSERT INTO recovery DEFAULT VALUES ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS lost_events (
    event_id      uuid        NOT NULL,
    consumer_id   uuid        NOT NULL,
    customer_id   uuid,
    sequence      bigint,
    event_type    text,
    epoch         integer     NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT lost_events_pkey PRIMARY KEY (event_id)
);

-- For the most frequent change: planned once per connection.
CREATE OR REPLACE FUNCTION sending_epoch() RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT epoch FROM recovery);
END
$$;

COMMIT;
