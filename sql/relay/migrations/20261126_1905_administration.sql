-- additive
-- What admins need: platforms, tag managers and credentials that are changed and deleted, checks, and
-- events that were not accepted by their ids.
--
-- Rollback:
--   DROP TABLE relay_checks;
--   DROP INDEX marketing_events_not_accepted;
--   REVOKE INSERT, UPDATE, DELETE ON ad_analytics_platforms, storefront_sgtm_config FROM relay_app;
--   REVOKE UPDATE, DELETE ON platform_credentials FROM relay_app;

BEGIN;

-- A try of a destination that an admin has asked for: a test event, or one delivery. The process that delivers
-- takes it and writes what came of it. Rows are forgotten after a day.
CREATE TABLE IF NOT EXISTS relay_checks (
    check_id      bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    lane_id       bigint      NOT NULL,
    kind          text        NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    taken_at      timestamptz,
    answered_at   timestamptz,
    outcome       text,
    event         bigint,
    platform_code text,
    message       text,
    http_status   integer,
    duration_ms   integer,
    CONSTRAINT relay_checks_pkey PRIMARY KEY (check_id),
    CONSTRAINT relay_checks_kind_check CHECK (kind IN ('test', 'probe')),
    CONSTRAINT relay_checks_outcome_check CHECK (
        outcome IN ('delivered', 'refused', 'configuration', 'overload', 'outage', 'unknown', 'skipped',
                    'expired', 'postponed', 'nothing_pending', 'not_sent', 'fault')),
    CONSTRAINT relay_checks_message_check CHECK (char_length(message) <= 500)
);

CREATE INDEX IF NOT EXISTS relay_checks_waiting ON relay_checks (check_id) WHERE taken_at IS NULL;

-- Rows that an admin looks for by the order's id. Accepted ones have the index of identities.
CREATE INDEX IF NOT EXISTS marketing_events_not_accepted
    ON marketing_events (event_id) WHERE accepted_at IS NULL;

GRANT SELECT, INSERT, UPDATE, DELETE
    ON ad_analytics_platforms, platform_credentials, relay_checks, storefront_sgtm_config
    TO relay_app;

COMMIT;
