-- The tables that the layer's endpoints write. A database that uses one repeats its definition in its
-- own migrations; only a test runs this file (docs/decisions/0013-tables-of-the-layer.md).
-- The ids of owners and keys are text here, because systems have different kinds of callers. A system
-- may use a narrower type, and another name for the owner's column. It then passes its own statements
-- in place of audit.sql and idempotency.sql.

-- The key, the answer and the business rows commit together; keys are per owner.
CREATE TABLE idempotency_keys (
    owner_id        text        NOT NULL,
    idempotency_key text        NOT NULL,
    request_hash    text        NOT NULL,
    response_status integer,
    response_json   json,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (owner_id, idempotency_key),
    CONSTRAINT idempotency_keys_key_check CHECK (char_length(idempotency_key) BETWEEN 1 AND 255)
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

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
