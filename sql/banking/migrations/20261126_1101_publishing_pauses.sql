-- additive
-- A bank whose queue refuses (it is full, or its leader is gone) gets nothing more until a probe finds
-- room. Its events wait in order and spend no try; other banks go on.
--
-- Rollback:
--   DROP TABLE publishing_pauses;

BEGIN;

-- A bank whose queue nacks. A row ends when a probe, the bank's oldest event alone, is confirmed.
CREATE TABLE IF NOT EXISTS publishing_pauses (
    consumer_id uuid        NOT NULL,
    since       timestamptz NOT NULL DEFAULT clock_timestamp(),
    probe_at    timestamptz NOT NULL,
    reason      text        NOT NULL,
    CONSTRAINT publishing_pauses_pkey PRIMARY KEY (consumer_id)
);

COMMIT;
