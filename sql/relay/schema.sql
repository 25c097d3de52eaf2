-- The result of the migrations, for readers. A test compares the two, so change this file in the same
-- commit as the migration. Times are timestamptz in UTC. Ids are integers, because the order system
-- writes some of them. The base tables have no foreign keys; the statements keep them consistent.

-- ---------------------------------------------------------------------------------------------
-- Storefronts and their destinations
-- ---------------------------------------------------------------------------------------------

-- A shop of the order system. storefront_id is the code that the order system uses; it never changes.
CREATE TABLE storefronts (
    id            integer     NOT NULL GENERATED ALWAYS AS IDENTITY,
    storefront_id text        NOT NULL,
    name          text        NOT NULL,
    is_active     boolean     NOT NULL DEFAULT true,
    currency      text        NOT NULL DEFAULT 'USD',
    country       text        NOT NULL DEFAULT 'US',
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT storefronts_pkey PRIMARY KEY (id),
    CONSTRAINT storefronts_storefront_id_key UNIQUE (storefront_id),
    CONSTRAINT storefronts_storefront_id_check CHECK (char_length(storefront_id) BETWEEN 1 AND 64),
    CONSTRAINT storefronts_name_check CHECK (char_length(name) BETWEEN 1 AND 255),
    CONSTRAINT storefronts_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT storefronts_country_check CHECK (country ~ '^[A-Z]{2}$')
);

-- A kind of receiver. adapter names the code that speaks to it: two platforms may share one.
CREATE TABLE ad_analytics_platforms (
    id            integer     NOT NULL GENERATED ALWAYS AS IDENTITY,
    platform_code text        NOT NULL,
    name          text        NOT NULL,
    auth_type     text        NOT NULL,
    adapter       text        NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT ad_analytics_platforms_pkey PRIMARY KEY (id),
    CONSTRAINT ad_analytics_platforms_platform_code_key UNIQUE (platform_code),
    CONSTRAINT ad_analytics_platforms_code_check CHECK (platform_code ~ '^[a-z][a-z0-9_]{0,63}$'),
    CONSTRAINT ad_analytics_platforms_adapter_check CHECK (
        adapter IN ('sgtm', 'meta', 'ga4', 'tiktok', 'pinterest', 'snapchat', 'webhook'))
);

-- A storefront's secret at a platform, sealed. Readers see the fields' names and a fingerprint.
CREATE TABLE platform_credentials (
    id                    integer     NOT NULL GENERATED ALWAYS AS IDENTITY,
    storefront_id         integer     NOT NULL,
    platform_id           integer     NOT NULL,
    credentials_encrypted text        NOT NULL,
    key_id                text        NOT NULL,
    field_names           text[]      NOT NULL,
    fingerprint           text        NOT NULL,
    settings_json         json        NOT NULL DEFAULT '{}',
    is_active             boolean     NOT NULL DEFAULT true,
    created_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT platform_credentials_pkey PRIMARY KEY (id),
    CONSTRAINT platform_credentials_one_each UNIQUE (storefront_id, platform_id)
);

CREATE INDEX platform_credentials_by_key ON platform_credentials (key_id);

-- A storefront's server-side tag manager.
CREATE TABLE storefront_sgtm_config (
    id             integer     NOT NULL GENERATED ALWAYS AS IDENTITY,
    storefront_id  integer     NOT NULL,
    sgtm_url       text        NOT NULL,
    path           text        NOT NULL DEFAULT '/mp/collect',
    measurement_id text        NOT NULL,
    settings_json  json        NOT NULL DEFAULT '{}',
    is_active      boolean     NOT NULL DEFAULT true,
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT storefront_sgtm_config_pkey PRIMARY KEY (id)
);

CREATE UNIQUE INDEX storefront_sgtm_config_one_active
    ON storefront_sgtm_config (storefront_id) WHERE is_active;

-- A destination's lane: whether it may be sent to, and since when not. open_until is when it may be tried
-- again; null means now. probe_token is the lease of the one event that is tried then: its answer alone opens
-- the lane. failures are outages in a row, refusals are refused events in a row. configured_at is when the
-- destination was last written: a refusal of what was sent before does not block the lane. The row of a
-- deleted destination stays with deleted_at, for the deliveries that name it.
CREATE TABLE relay_lanes (
    lane_id             bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    storefront_id       integer     NOT NULL,
    destination_type    text        NOT NULL,
    destination_id      integer     NOT NULL,
    adapter             text        NOT NULL,
    is_active           boolean     NOT NULL DEFAULT true,
    paused              boolean     NOT NULL DEFAULT false,
    state               text        NOT NULL DEFAULT 'open',
    reason              text,
    since               timestamptz NOT NULL DEFAULT clock_timestamp(),
    failures            integer     NOT NULL DEFAULT 0,
    refusals            integer     NOT NULL DEFAULT 0,
    open_until          timestamptz,
    requests_per_minute integer     NOT NULL,
    concurrency         integer     NOT NULL,
    throttle_account    text        NOT NULL,
    last_served_at      timestamptz,
    last_delivered_at   timestamptz,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    deleted_at          timestamptz,
    probe_token         uuid,
    configured_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT relay_lanes_pkey PRIMARY KEY (lane_id),
    CONSTRAINT relay_lanes_destination_key UNIQUE (destination_type, destination_id),
    CONSTRAINT relay_lanes_destination_type_check CHECK (destination_type IN ('credential', 'sgtm')),
    CONSTRAINT relay_lanes_state_check CHECK (state IN ('open', 'waiting', 'failing', 'blocked')),
    CONSTRAINT relay_lanes_requests_per_minute_check CHECK (requests_per_minute >= 1),
    CONSTRAINT relay_lanes_concurrency_check CHECK (concurrency BETWEEN 1 AND 64)
);

CREATE INDEX relay_lanes_by_storefront ON relay_lanes (storefront_id);

-- The requests that an account at a platform may get now. Lanes of one account share it.
CREATE TABLE relay_accounts (
    account     text             NOT NULL,
    tokens      double precision NOT NULL,
    refilled_at timestamptz      NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT relay_accounts_pkey PRIMARY KEY (account)
);

-- ---------------------------------------------------------------------------------------------
-- Events and what became of them
-- ---------------------------------------------------------------------------------------------

-- An event of an order. The order system inserts the first columns, with status 'pending'; the only rule
-- that may refuse its row is that it names a storefront. What else is wrong, such as a payload that is no
-- JSON, is found by the intake and said in status and status_reason. A row with another status and no reason
-- is the order system's own: it is left alone. accepted_at is set once, by us: then identity is the event's
-- id (the sender's own, else the order's), and nothing changes but by erasure and purge. After an erasure it
-- is sent to nobody again.
CREATE TABLE marketing_events (
    id                bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    event_id          text,
    storefront_id     integer,
    storefront_code   text,
    event_type        text,
    event_payload     text,
    source_system     text,
    status            text                 DEFAULT 'pending',
    status_reason     text,
    created_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    accepted_at       timestamptz,
    identity          text,
    order_id          text,
    event_time        timestamptz,
    dedup_id          text,
    match_keys        json,
    private_encrypted text,
    key_id            text,
    consent_json      json,
    content_hash      text,
    erased_at         timestamptz,
    CONSTRAINT marketing_events_pkey PRIMARY KEY (id),
    CONSTRAINT marketing_events_storefront_check
        CHECK (storefront_id IS NOT NULL OR storefront_code IS NOT NULL)
);

CREATE UNIQUE INDEX marketing_events_identity
    ON marketing_events (storefront_id, identity, event_type) WHERE accepted_at IS NOT NULL;
CREATE INDEX marketing_events_waiting
    ON marketing_events (status, id) WHERE status IN ('pending', 'unresolved');
CREATE INDEX marketing_events_left_alone
    ON marketing_events (id)
    WHERE accepted_at IS NULL AND status_reason IS NULL AND status IS DISTINCT FROM 'pending';
-- A hash index, because a B-tree refuses a value of some kilobytes.
CREATE INDEX marketing_events_not_accepted
    ON marketing_events USING hash (event_id) WHERE accepted_at IS NULL;
CREATE INDEX marketing_events_by_age ON marketing_events (created_at);
CREATE INDEX marketing_events_sealed ON marketing_events (key_id, id) WHERE key_id IS NOT NULL;
CREATE INDEX marketing_events_with_user_data
    ON marketing_events (created_at) WHERE match_keys IS NOT NULL OR private_encrypted IS NOT NULL;
CREATE INDEX marketing_events_by_email
    ON marketing_events USING hash ((match_keys ->> 'em')) WHERE match_keys ->> 'em' IS NOT NULL;
CREATE INDEX marketing_events_by_phone
    ON marketing_events USING hash ((match_keys ->> 'ph')) WHERE match_keys ->> 'ph' IS NOT NULL;
CREATE INDEX marketing_events_by_external_id
    ON marketing_events USING hash ((match_keys ->> 'external_id'))
    WHERE match_keys ->> 'external_id' IS NOT NULL;

-- One event for one destination. A claim sets next_attempt_at to the end of its lease, so that one index
-- finds what is due. What a replay has made due is behind the new deliveries of its lane.
CREATE TABLE event_deliveries (
    event           bigint      NOT NULL,
    lane_id         bigint      NOT NULL,
    status          text        NOT NULL DEFAULT 'pending',
    reason          text,
    try_count       integer     NOT NULL DEFAULT 0,
    attempt_count   integer     NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_attempt_at timestamptz,
    lease_until     timestamptz,
    lease_token     uuid,
    maybe_delivered boolean     NOT NULL DEFAULT false,
    delivered_at    timestamptz,
    ended_at        timestamptz,
    replay_id       uuid,
    CONSTRAINT event_deliveries_pkey PRIMARY KEY (event, lane_id),
    CONSTRAINT event_deliveries_status_check
        CHECK (status IN ('pending', 'delivered', 'failed', 'expired', 'skipped')),
    CONSTRAINT event_deliveries_delivered_check
        CHECK ((status = 'delivered') = (delivered_at IS NOT NULL)),
    CONSTRAINT event_deliveries_lease_check
        CHECK ((lease_token IS NULL) = (lease_until IS NULL))
);

CREATE INDEX event_deliveries_waiting
    ON event_deliveries (lane_id, num_nonnulls(replay_id), next_attempt_at, event)
    WHERE status = 'pending';
CREATE INDEX event_deliveries_not_delivered
    ON event_deliveries (event, lane_id) WHERE status IN ('failed', 'expired', 'skipped');
CREATE INDEX event_deliveries_failed
    ON event_deliveries (lane_id, event) WHERE status IN ('failed', 'expired');
CREATE INDEX event_deliveries_ended
    ON event_deliveries (lane_id, ended_at) WHERE ended_at IS NOT NULL;

-- One try of a delivery, and what the receiver said: the history, at most 20 per delivery.
CREATE TABLE event_attempts (
    id               bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    event            bigint      NOT NULL,
    lane_id          bigint      NOT NULL,
    destination_type text        NOT NULL,
    status           text        NOT NULL,
    platform_code    text,
    message          text,
    http_status      integer,
    duration_ms      integer     NOT NULL,
    batch_size       integer     NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT event_attempts_pkey PRIMARY KEY (id),
    CONSTRAINT event_attempts_status_check CHECK (
        status IN ('delivered', 'refused', 'configuration', 'overload', 'outage', 'unknown')),
    CONSTRAINT event_attempts_message_check CHECK (char_length(message) <= 500)
);

CREATE INDEX event_attempts_by_delivery ON event_attempts (event, lane_id);
CREATE INDEX event_attempts_by_age ON event_attempts (created_at);

-- A try of a destination that an admin has asked for: a test event, or one delivery. The process that delivers
-- takes it and writes what came of it. Rows are forgotten after a day.
CREATE TABLE relay_checks (
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

CREATE INDEX relay_checks_waiting ON relay_checks (check_id) WHERE taken_at IS NULL;

-- At most one row: the last result of the schedule relay_reconcile.
CREATE TABLE last_reconciliation (
    only_row    boolean     NOT NULL DEFAULT true,
    taken_at    timestamptz NOT NULL,
    report_json jsonb       NOT NULL,
    CONSTRAINT last_reconciliation_pkey PRIMARY KEY (only_row),
    CONSTRAINT last_reconciliation_only_row_check CHECK (only_row)
);

-- ---------------------------------------------------------------------------------------------
-- The layer's tables
-- ---------------------------------------------------------------------------------------------

-- Who did or tried what, in which request, why, and why it was refused. The actor is a name that was
-- claimed. The subject is the owner whose data it was, if not the caller.
CREATE TABLE audit_log (
    audit_id         uuid        NOT NULL DEFAULT gen_random_uuid(),
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    request_id       text        NOT NULL,
    owner_id         text,
    key_id           text,
    action           text        NOT NULL,
    status_code      integer     NOT NULL,
    reason           text        NOT NULL,
    source_ip        text,
    actor            text,
    session_id       uuid,
    subject_owner_id text,
    details          jsonb,
    CONSTRAINT audit_log_pkey PRIMARY KEY (audit_id),
    CONSTRAINT audit_log_status_code_check CHECK (status_code BETWEEN 100 AND 599)
);

CREATE INDEX audit_log_by_age ON audit_log (created_at);
CREATE INDEX audit_log_by_owner ON audit_log (owner_id, created_at DESC);
CREATE INDEX audit_log_by_request ON audit_log (request_id);
CREATE INDEX audit_log_by_actor ON audit_log (actor, created_at DESC) WHERE actor IS NOT NULL;
CREATE INDEX audit_log_by_action ON audit_log (action, created_at DESC);
CREATE INDEX audit_log_by_status ON audit_log (status_code, created_at DESC);

-- Whoever acts as the functions' user can add to the audit log, and cannot take its trail away: no row
-- changes, and none goes before its eighth day. The purge deletes what is older than RELAY_AUDIT_DAYS.
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log keeps its rows for seven days, and as they are: % refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER audit_log_immutable
    BEFORE UPDATE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_log_kept
    BEFORE DELETE ON audit_log
    FOR EACH ROW WHEN (OLD.created_at > clock_timestamp() - interval '7 days')
    EXECUTE FUNCTION refuse_audit_change();

-- The last run of each schedule. last_error is null after a success; last_run_id leads to the log.
CREATE TABLE schedule_runs (
    schedule         text             NOT NULL,
    expected_since   timestamptz      NOT NULL DEFAULT clock_timestamp(),
    last_run_at      timestamptz,
    last_run_id      text,
    last_run_seconds double precision,
    last_success_at  timestamptz,
    last_error       text,
    CONSTRAINT schedule_runs_pkey PRIMARY KEY (schedule)
);

CREATE TABLE migration_history (
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    additive   boolean     NOT NULL DEFAULT false,
    CONSTRAINT migration_history_pkey PRIMARY KEY (name)
);

-- ---------------------------------------------------------------------------------------------
-- Statements of each ingest, planned once per connection (docs/decisions/0009)
-- ---------------------------------------------------------------------------------------------

-- The storefronts of these codes that are active. Until the end of the transaction nobody adds or deletes one
-- of their lanes (`lock_lanes`): what is accepted next makes a delivery for exactly the lanes that are there.
CREATE FUNCTION open_storefronts(codes text[])
RETURNS TABLE (id integer, storefront_id text, currency text, country text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT s.id, s.storefront_id, s.currency, s.country
    FROM (SELECT id, storefront_id, currency, country, pg_advisory_xact_lock_shared(1, id)
          FROM storefronts
          WHERE is_active AND storefront_id = ANY (codes)
          OFFSET 0) s;
END
$$;

-- Stores events and their deliveries, of every destination that the storefront has: those of an inactive one
-- are skipped. Sorted by identity, so that two batches with the same events do not wait for each other in a
-- circle. Returns the rows that were written; of the others an equal identity stands already.
CREATE FUNCTION accept_events(items json, from_system text)
RETURNS TABLE (id bigint, storefront_id integer, identity text, event_type text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH given AS MATERIALIZED (
        SELECT *
        FROM json_to_recordset(items) AS given (
            storefront integer, code text, event_id text, identity text, order_id text, event_type text,
            event_time timestamptz, dedup_id text, payload json, match_keys json, private text, key_id text,
            consent json, content_hash text)
    ), written AS (
        INSERT INTO marketing_events (event_id, storefront_id, storefront_code, event_type, event_payload,
                                      source_system, status, accepted_at, identity, order_id, event_time,
                                      dedup_id, match_keys, private_encrypted, key_id, consent_json,
                                      content_hash)
        SELECT event_id, storefront, code, event_type, payload, from_system, 'accepted',
               clock_timestamp(), identity, order_id, event_time, dedup_id, match_keys, private, key_id,
               consent, content_hash
        FROM given
        ORDER BY storefront, identity, event_type
        ON CONFLICT (storefront_id, identity, event_type) WHERE accepted_at IS NOT NULL DO NOTHING
        RETURNING id, storefront_id, identity, event_type
    ), made AS (
        INSERT INTO event_deliveries (event, lane_id, status, reason, ended_at)
        SELECT w.id, l.lane_id,
               CASE WHEN l.is_active THEN 'pending' ELSE 'skipped' END,
               CASE WHEN NOT l.is_active THEN 'destination_inactive' END,
               CASE WHEN NOT l.is_active THEN clock_timestamp() END
        FROM written w
        JOIN relay_lanes l ON l.storefront_id = w.storefront_id AND l.deleted_at IS NULL
    )
    SELECT w.id, w.storefront_id, w.identity, w.event_type FROM written w;
END
$$;

-- ---------------------------------------------------------------------------------------------
-- What the functions' user may do: with each table what a statement of theirs does. It owns nothing.
-- ---------------------------------------------------------------------------------------------

GRANT SELECT, INSERT, UPDATE ON last_reconciliation, relay_accounts, relay_lanes, schedule_runs
    TO relay_app;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON ad_analytics_platforms, audit_log, event_deliveries, marketing_events, platform_credentials, relay_checks,
       storefront_sgtm_config, storefronts
    TO relay_app;
GRANT SELECT, INSERT, DELETE ON event_attempts TO relay_app;

-- The order system's login. It may insert these columns of an event and do nothing else, not even read.
GRANT INSERT (event_id, storefront_id, storefront_code, event_type, event_payload, source_system, status)
    ON marketing_events TO relay_oms;
