-- additive
-- Exports: jobs that write all that a consumer has into files of an object store.
--
-- Rollback:
--   DROP TABLE export_files, exports;

BEGIN;

-- A job that writes a consumer's data into files. What was written until cut_at is in it: quiet_xid tells when
-- all that was under way then has ended. kind is what it writes now, after_* how far it has come within that,
-- file_count how many files are written. worker_id holds it until lease_until.
CREATE TABLE IF NOT EXISTS exports (
    export_id          uuid        NOT NULL,
    consumer_id     uuid        NOT NULL,
    status          text        NOT NULL DEFAULT 'running',
    cut_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    quiet_xid       xid8,
    kind            text        NOT NULL DEFAULT 'customers',
    after_at        timestamptz,
    after_id        uuid,
    file_count      integer     NOT NULL DEFAULT 0,
    reason          text,
    actor           text        NOT NULL DEFAULT '',
    request_id      text        NOT NULL,
    waits_for       text,
    worker_id       uuid,
    lease_until     timestamptz,
    manifest_key    text,
    manifest_sha256 text,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at     timestamptz,
    removed_at      timestamptz,
    CONSTRAINT exports_pkey PRIMARY KEY (export_id),
    CONSTRAINT exports_status_check CHECK (status IN ('running', 'done', 'removed')),
    CONSTRAINT exports_kind_check
        CHECK (kind IN ('customers', 'tags', 'snapshots', 'events', 'receipts', 'manifest')),
    CONSTRAINT exports_finished_check CHECK ((status = 'running') = (finished_at IS NULL)),
    CONSTRAINT exports_manifest_check
        CHECK (status <> 'done' OR (manifest_key IS NOT NULL AND manifest_sha256 IS NOT NULL)),
    CONSTRAINT exports_removed_check CHECK ((status = 'removed') = (removed_at IS NOT NULL))
);

CREATE UNIQUE INDEX IF NOT EXISTS exports_one_at_a_time
    ON exports (consumer_id) WHERE status = 'running';
CREATE INDEX IF NOT EXISTS exports_by_consumer ON exports (consumer_id, created_at DESC);
-- What a worker looks for: jobs to work on, and those whose files are to be deleted.
CREATE INDEX IF NOT EXISTS exports_kept ON exports (created_at) WHERE status <> 'removed';

-- The files of a job. A file without written_at may or may not be there: its key is known before it is written,
-- so that nothing is left behind.
CREATE TABLE IF NOT EXISTS export_files (
    export_id     uuid        NOT NULL,
    number     integer     NOT NULL,
    kind       text        NOT NULL,
    object_key text        NOT NULL,
    line_count integer     NOT NULL,
    size_bytes bigint      NOT NULL,
    sha256     text        NOT NULL,
    written_at timestamptz,
    CONSTRAINT export_files_pkey PRIMARY KEY (export_id, number)
);

GRANT SELECT, INSERT, UPDATE ON exports, export_files TO fintegrate_app;

COMMIT;
