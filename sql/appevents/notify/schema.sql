-- The result of the migrations, for readers. A test compares the two, so change this file in the same
-- commit as the migration. Times are timestamptz in UTC. No table is read by another service.

-- ---------------------------------------------------------------------------------------------
-- The events of the app: the outbox, the memory of their ids, and the place of their outcomes
-- ---------------------------------------------------------------------------------------------

-- The last sequence of each user. Its row is locked while an event of the user is accepted.
CREATE TABLE user_sequences (
    user_id       uuid   NOT NULL,
    last_sequence bigint NOT NULL,
    CONSTRAINT user_sequences_pkey PRIMARY KEY (user_id)
);

-- An event as a client sent it. sequence counts a user's events from 1, without gaps, in the order of
-- their acceptance. payload is emptied a day after the event was settled; content_hash stays. Secrets in
-- payload and outcome_data are sealed; erase_at is when they go, and null where there are none.
CREATE TABLE events (
    id                     bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    user_id                uuid        NOT NULL,
    client_generated_id    uuid        NOT NULL,
    event_type             text        NOT NULL,
    sequence               bigint      NOT NULL,
    payload                json,
    content_hash           text        NOT NULL,
    told_at                timestamptz NOT NULL,
    effective_at           timestamptz NOT NULL,
    received_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    request_id             text        NOT NULL,
    traceparent            text,
    publish_status         text        NOT NULL DEFAULT 'pending',
    published_at           timestamptz,
    publish_try_count      integer     NOT NULL DEFAULT 0,
    publish_failure_reason text,
    outcome_status         text,
    outcome_event_type     text,
    outcome_data           json,
    outcome_at             timestamptz,
    outcome_code           text,
    outcome_reason         text,
    erase_at               timestamptz,
    CONSTRAINT events_pkey PRIMARY KEY (user_id, client_generated_id),
    CONSTRAINT events_id_key UNIQUE (id),
    CONSTRAINT events_sequence_key UNIQUE (user_id, sequence),
    CONSTRAINT events_publish_status_check CHECK (publish_status IN ('pending', 'published')),
    CONSTRAINT events_outcome_status_check CHECK (outcome_status IN ('processed', 'rejected'))
);

CREATE INDEX events_pending ON events (id) WHERE publish_status = 'pending';
CREATE INDEX events_pending_of_user ON events (user_id, sequence) WHERE publish_status = 'pending';
CREATE INDEX events_of_user ON events (user_id, received_at, client_generated_id);
CREATE INDEX events_unsettled_of_user
    ON events (user_id, received_at, client_generated_id) WHERE outcome_status IS NULL;
CREATE INDEX events_rejected_of_user
    ON events (user_id, received_at, client_generated_id) WHERE outcome_status = 'rejected';
CREATE INDEX events_unsettled ON events (received_at) WHERE outcome_status IS NULL;
CREATE INDEX events_with_secrets ON events (erase_at) WHERE erase_at IS NOT NULL;

CREATE INDEX events_by_time ON events (received_at, client_generated_id);
CREATE INDEX events_by_id ON events (client_generated_id);
CREATE INDEX events_rejected
    ON events (received_at, client_generated_id) WHERE outcome_status = 'rejected';
CREATE INDEX events_rejected_of_type ON events (event_type, received_at) WHERE outcome_status = 'rejected';
CREATE INDEX events_with_payload ON events (outcome_at) WHERE payload IS NOT NULL AND outcome_status IS NOT NULL;

-- What ended in a dead-letter queue, taken from there before it was acknowledged. body is emptied a day
-- after its event was settled. fingerprint is a hash of service, ids, type and body.
CREATE TABLE dead_letters (
    dead_letter_id      uuid        NOT NULL DEFAULT gen_random_uuid(),
    service             text        NOT NULL,
    user_id             uuid,
    client_generated_id uuid,
    message_id          text,
    event_type          text,
    error_code          text        NOT NULL,
    error               text        NOT NULL,
    attempt             integer     NOT NULL,
    body                bytea,
    headers             json        NOT NULL,
    failed_at           timestamptz NOT NULL,
    taken_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    deaths              integer     NOT NULL DEFAULT 1,
    redriven_at         timestamptz,
    fingerprint         text        NOT NULL,
    CONSTRAINT dead_letters_pkey PRIMARY KEY (dead_letter_id),
    CONSTRAINT dead_letters_fingerprint_key UNIQUE (fingerprint)
);

CREATE INDEX dead_letters_by_age ON dead_letters (taken_at, dead_letter_id);
CREATE INDEX dead_letters_waiting ON dead_letters (service, taken_at) WHERE redriven_at IS NULL;
CREATE INDEX dead_letters_of_event ON dead_letters (client_generated_id, user_id);

-- Who had a user erased, when and why, and the user's last event before: nothing is kept of what was told up to
-- there. What became of it stands in events, as requests to the services. Rows stay as they are.
CREATE TABLE erasures (
    user_id       uuid        NOT NULL,
    last_sequence bigint      NOT NULL,
    reason        text        NOT NULL,
    key_id        text        NOT NULL,
    actor         text,
    request_id    text        NOT NULL,
    begun_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT erasures_pkey PRIMARY KEY (user_id, last_sequence)
);

-- Who acted as an operator, in which request, why, and why it was refused. The actor is a name that was
-- claimed.
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
CREATE INDEX audit_log_by_request ON audit_log (request_id);
CREATE INDEX audit_log_by_actor ON audit_log (actor, created_at DESC) WHERE actor IS NOT NULL;
CREATE INDEX audit_log_by_action ON audit_log (action, created_at DESC);
CREATE INDEX audit_log_by_status ON audit_log (status_code, created_at DESC);

-- Whoever acts as the functions' user can add to the audit log, and cannot take its trail away: no row
-- changes, and none goes before its eighth day. The purge deletes what is older than APP_AUDIT_DAYS.
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

-- ---------------------------------------------------------------------------------------------
-- The inbox and the outbox: each service has both
-- ---------------------------------------------------------------------------------------------

-- The events that were applied or rejected here, each once. Kept longer than a queue can hold a message.
CREATE TABLE idempotency_keys (
    user_id             uuid        NOT NULL,
    client_generated_id uuid        NOT NULL,
    event_type          text        NOT NULL,
    outcome             text        NOT NULL,
    processed_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, client_generated_id),
    CONSTRAINT idempotency_keys_outcome_check CHECK (outcome IN ('processed', 'rejected'))
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (processed_at);

-- Messages that came again, and how often a function has begun them without an end. message is a hash of
-- its id and body.
CREATE TABLE inbox_attempts (
    message  text        NOT NULL,
    starts   integer     NOT NULL DEFAULT 1,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT inbox_attempts_pkey PRIMARY KEY (message)
);

-- Events of this service, written with what they tell. failure_reason also says that no function is
-- publishing a row any more. Rows go a day after they were published.
CREATE TABLE outbox (
    id                  bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    event_type          text        NOT NULL,
    client_generated_id uuid        NOT NULL,
    user_id             uuid        NOT NULL,
    causation_id        uuid,
    data                json        NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    publish_status      text        NOT NULL DEFAULT 'pending',
    published_at        timestamptz,
    try_count           integer     NOT NULL DEFAULT 0,
    failure_reason      text,
    CONSTRAINT outbox_pkey PRIMARY KEY (id),
    CONSTRAINT outbox_publish_status_check CHECK (publish_status IN ('pending', 'published'))
);

CREATE INDEX outbox_pending ON outbox (id) WHERE publish_status = 'pending';
CREATE INDEX outbox_by_age ON outbox (published_at) WHERE publish_status = 'published';

CREATE TABLE migration_history (
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    additive   boolean     NOT NULL DEFAULT false,
    CONSTRAINT migration_history_pkey PRIMARY KEY (name)
);

-- ---------------------------------------------------------------------------------------------
-- Statements of each request that tells events, planned once per connection (docs/decisions/0009)
-- ---------------------------------------------------------------------------------------------

-- Stores the events of a user that are new, and gives each its sequence; in the order of `place`. The user's row
-- of user_sequences is locked first, until the commit. So sequences grow in commit order, and of two requests
-- with one id the second sees the first. is_next says whether no earlier event of the user is pending: none can
-- be born before the commit. Returns the rows that were written; of the others the id stands already.
CREATE FUNCTION accept_events(
    of_user uuid, items json, received timestamptz, request text, trace text
) RETURNS TABLE (id bigint, client_generated_id uuid, sequence bigint, is_next boolean) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    last bigint;
    made bigint;
BEGIN
    SELECT last_sequence INTO last FROM user_sequences WHERE user_id = of_user FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        INSERT INTO user_sequences (user_id, last_sequence) VALUES (of_user, 0) ON CONFLICT DO NOTHING;
        SELECT last_sequence INTO last FROM user_sequences WHERE user_id = of_user FOR NO KEY UPDATE;
    END IF;
    RETURN QUERY
    INSERT INTO events AS e (user_id, client_generated_id, event_type, sequence, payload, content_hash,
                             told_at, effective_at, received_at, request_id, traceparent, erase_at)
    SELECT of_user, client_generated_id, event_type, last + row_number() OVER (ORDER BY place), data,
           content_hash, told_at, effective_at, received, request, trace, erase_at
    FROM json_to_recordset(items) AS given (
        place integer, client_generated_id uuid, event_type text, data json, content_hash text,
        told_at timestamptz, effective_at timestamptz, erase_at timestamptz)
    WHERE NOT EXISTS (SELECT FROM events known
                      WHERE known.user_id = of_user
                        AND known.client_generated_id = given.client_generated_id)
    ORDER BY place
    RETURNING e.id, e.client_generated_id, e.sequence,
              NOT EXISTS (SELECT FROM events earlier
                          WHERE earlier.user_id = of_user AND earlier.publish_status = 'pending');
    GET DIAGNOSTICS made = ROW_COUNT;
    IF made > 0 THEN
        UPDATE user_sequences SET last_sequence = last + made WHERE user_id = of_user;
    END IF;
END
$$;

-- Marks events that the broker has confirmed. It needs a transaction of its own, because the commit does not
-- wait for the disk. If the server crashes, a lost mark only causes one more publish.
CREATE FUNCTION mark_events_published(of_ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE events
    SET publish_status = 'published', published_at = clock_timestamp(), publish_failure_reason = NULL
    WHERE id = ANY (of_ids) AND publish_status = 'pending';
END
$$;

-- ---------------------------------------------------------------------------------------------
-- What the functions' user may do: with each table what a statement of theirs does. It owns nothing.
-- ---------------------------------------------------------------------------------------------

GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO notify_db_app;
GRANT DELETE ON outbox, events TO notify_db_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON dead_letters, audit_log TO notify_db_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON inbox_attempts TO notify_db_app;
GRANT SELECT, INSERT, UPDATE ON outbox, events, user_sequences, schedule_runs TO notify_db_app;
GRANT SELECT, INSERT ON erasures TO notify_db_app;
