-- The epoch of the database's history. Every message bears it; a recovery after a restore raises it.
-- Code from before sends no epoch, which consumers read as 1. So this is not additive: after a recovery
-- they would ignore its messages. Roll back only while the epoch is 1.
--
-- Rollback:
--   DROP FUNCTION sending_epoch;
--   DROP TABLE recovery;

BEGIN;

CREATE TABLE IF NOT EXISTS recovery (
    only_row boolean NOT NULL DEFAULT true,
    epoch    integer NOT NULL DEFAULT 1,
    CONSTRAINT recovery_pkey PRIMARY KEY (only_row),
    CONSTRAINT recovery_only_row_check CHECK (only_row),
    CONSTRAINT recovery_epoch_check CHECK (epoch >= 1)
);
INSERT INTO recovery DEFAULT VALUES ON CONFLICT DO NOTHING;

-- For the most frequent change: planned once per connection.
CREATE OR REPLACE FUNCTION sending_epoch() RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT epoch FROM recovery);
END
$$;

COMMIT;
