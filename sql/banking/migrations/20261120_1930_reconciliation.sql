-- What a reconciliation needs: the deletions, found without reading every event, and the last
-- scheduled reconciliation, so that every process can show it. Building the index reads the table once
-- and lets no event be written meanwhile: a few seconds for millions of them.
--
-- Rollback:
--   DROP TABLE last_reconciliation;
--   DROP INDEX customer_events_deletions;

BEGIN;

-- How far the sequence of a deleted customer went. Its columns never change, so it costs a write only
-- at a deletion.
CREATE INDEX IF NOT EXISTS customer_events_deletions
    ON customer_events (customer_id, sequence) INCLUDE (consumer_id)
    WHERE event_type = 'customer_deletion';

-- At most one row: what the schedule reconcile found last.
CREATE TABLE IF NOT EXISTS last_reconciliation (
    only_row    boolean     NOT NULL DEFAULT true,
    taken_at    timestamptz NOT NULL,
    report_json jsonb       NOT NULL,
    CONSTRAINT last_reconciliation_pkey PRIMARY KEY (only_row),
    CONSTRAINT last_reconciliation_only_row_check CHECK (only_row)
);

COMMIT;
