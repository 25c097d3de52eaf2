-- additive
-- The last reconciliation.
--
-- Rollback:
--   DROP TABLE last_reconciliation;

BEGIN;

-- At most one row: the last result of the schedule relay_reconcile.
CREATE TABLE IF NOT EXISTS last_reconciliation (
    only_row    boolean     NOT NULL DEFAULT true,
    taken_at    timestamptz NOT NULL,
    report_json jsonb       NOT NULL,
    CONSTRAINT last_reconciliation_pkey PRIMARY KEY (only_row),
    CONSTRAINT last_reconciliation_only_row_check CHECK (only_row)
);

GRANT SELECT, INSERT, UPDATE ON last_reconciliation TO relay_app;

COMMIT;
