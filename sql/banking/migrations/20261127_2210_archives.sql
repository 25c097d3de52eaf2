-- Old events move to files of an object store: the rows that say where, and the one way in which an event may
-- leave the append-only table. Not additive: code before would miss in its ledger what was moved. The way back is
-- only for a database of which nothing was moved.
--
-- Rollback:
--   DROP TRIGGER customer_events_no_delete ON customer_events;
--   CREATE TRIGGER customer_events_no_delete BEFORE DELETE ON customer_events
--       FOR EACH ROW EXECUTE FUNCTION refuse_event_change();
--   DROP FUNCTION refuse_event_deletion(), move_to_archive(uuid, uuid), archived_line(customer_events),
--       settled_at(customer_events);
--   DROP TABLE archive_turns, archived_events, archives;

BEGIN;

-- A file of events of one consumer and day. It is named here before it is written. content_sha256 is that of its
-- lines, sha256 that of the file as it is stored, compared_sha256 that of what was read back. From moved_at on its
-- events are nowhere else. given_up_at: its events had changed before they were moved, so it is no archive.
-- forgotten: the erased customers of whom it tells nothing any more.
CREATE TABLE IF NOT EXISTS archives (
    archive_id      uuid        NOT NULL,
    consumer_id     uuid        NOT NULL,
    day             date        NOT NULL,
    object_key      text        NOT NULL,
    event_ids       uuid[]      NOT NULL,
    event_count     integer     NOT NULL,
    size_bytes      bigint      NOT NULL,
    content_sha256  text        NOT NULL,
    sha256          text        NOT NULL,
    compared_sha256 text,
    compared_at     timestamptz,
    moved_at        timestamptz,
    given_up_at     timestamptz,
    forgotten       uuid[]      NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT archives_pkey PRIMARY KEY (archive_id),
    CONSTRAINT archives_object_key_key UNIQUE (object_key),
    CONSTRAINT archives_event_count_check CHECK (event_count = cardinality(event_ids)),
    CONSTRAINT archives_compared_check CHECK ((compared_sha256 IS NULL) = (compared_at IS NULL)),
    CONSTRAINT archives_moved_check
        CHECK (moved_at IS NULL OR (compared_sha256 = sha256 AND compared_sha256 IS NOT NULL
                                    AND given_up_at IS NULL))
);

CREATE INDEX IF NOT EXISTS archives_by_consumer ON archives (consumer_id, day, archive_id);
CREATE INDEX IF NOT EXISTS archives_unfinished
    ON archives (created_at) WHERE moved_at IS NULL AND given_up_at IS NULL;

-- What is left of an event whose row is in a file: who it was, where it is, and what the ledger counts.
-- dead_letter: a message of it lies in dead_letters, or did.
CREATE TABLE IF NOT EXISTS archived_events (
    event_id       uuid        NOT NULL,
    archive_id     uuid        NOT NULL,
    consumer_id    uuid        NOT NULL,
    customer_id    uuid        NOT NULL,
    sequence       bigint      NOT NULL,
    event_type     text        NOT NULL,
    created_at     timestamptz NOT NULL,
    publish_status text        NOT NULL,
    deliver_status text        NOT NULL,
    dead_letter    boolean     NOT NULL,
    CONSTRAINT archived_events_pkey PRIMARY KEY (event_id),
    CONSTRAINT archived_events_sequence_key UNIQUE (customer_id, sequence),
    CONSTRAINT archived_events_publish_status_check CHECK (publish_status IN ('published', 'failed')),
    CONSTRAINT archived_events_deliver_status_check
        CHECK (deliver_status IN ('pending', 'delivered', 'failed'))
);

CREATE INDEX IF NOT EXISTS archived_events_by_archive ON archived_events (archive_id);
CREATE INDEX IF NOT EXISTS archived_events_by_consumer ON archived_events (consumer_id);
-- Customers who are deleted: the last sequence of each, and whom the end of an offboarding erases.
CREATE INDEX IF NOT EXISTS archived_events_deletions
    ON archived_events (consumer_id, customer_id) INCLUDE (sequence)
    WHERE event_type = 'customer_deletion';

-- Where the archive is in a consumer's events: its last turn ended behind after_at and after_id, because the time of
-- the run was up; without them it begins with the oldest. Who had no turn for longest comes first.
CREATE TABLE IF NOT EXISTS archive_turns (
    consumer_id uuid        NOT NULL,
    taken_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    after_at    timestamptz,
    after_id    uuid,
    CONSTRAINT archive_turns_pkey PRIMARY KEY (consumer_id),
    CONSTRAINT archive_turns_after_check CHECK ((after_at IS NULL) = (after_id IS NULL))
);

-- Since when nothing more will become of an event: processed, given up by a person, or dead-lettered and seen
-- to. NULL: something may.
CREATE OR REPLACE FUNCTION settled_at(e customer_events) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN e.publish_status = 'failed' AND e.publish_given_up_at IS NOT NULL
            THEN greatest(e.publish_given_up_at, e.publish_last_tried_at)
        WHEN e.publish_status = 'published' AND e.deliver_status = 'delivered'
             AND coalesce(receipt.processing_status, 'processed') = 'processed'
            THEN greatest(e.published_at, e.delivered_at, e.deliver_last_tried_at, receipt.updated_at)
        WHEN e.publish_status = 'published' AND e.deliver_status = 'failed' AND letters.are_resolved
            THEN greatest(e.published_at, e.deliver_last_tried_at, receipt.updated_at,
                          letters.resolved_at) END
    FROM (SELECT) AS once
    LEFT JOIN LATERAL (
        SELECT r.processing_status, r.updated_at
        FROM consumer_event_receipts r
        WHERE r.consumer_id = e.consumer_id AND r.event_id = e.event_id) receipt ON true
    LEFT JOIN LATERAL (
        SELECT bool_and(d.resolved_at IS NOT NULL) AS are_resolved, max(d.resolved_at) AS resolved_at
        FROM dead_letters d
        WHERE d.event_id = e.event_id AND NOT d.superseded) letters ON e.deliver_status = 'failed'
$$;

-- An event as a line of a file, with what its consumer said of it: the same text whoever makes it, in whatever
-- zone.
CREATE OR REPLACE FUNCTION archived_line(e customer_events) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'event_id', e.event_id, 'consumer_id', e.consumer_id, 'customer_id', e.customer_id,
        'sequence', e.sequence, 'event_type', e.event_type, 'source_service', e.source_service,
        'payload', e.payload_json, 'metadata', e.metadata_json, 'created_at', utc_text(e.created_at),
        'publish_status', e.publish_status, 'published_at', utc_text(e.published_at),
        'publish_try_count', e.publish_try_count,
        'publish_last_tried_at', utc_text(e.publish_last_tried_at),
        'publish_failure_reason', e.publish_failure_reason,
        'publish_given_up_at', utc_text(e.publish_given_up_at),
        'sent_late_at', utc_text(e.sent_late_at),
        'deliver_status', e.deliver_status, 'delivered_at', utc_text(e.delivered_at),
        'deliver_try_count', e.deliver_try_count,
        'deliver_last_tried_at', utc_text(e.deliver_last_tried_at),
        'deliver_failure_reason', e.deliver_failure_reason,
        'receipt', (SELECT jsonb_build_object(
                        'receipt_id', r.receipt_id, 'received_at', utc_text(r.received_at),
                        'processing_status', r.processing_status,
                        'processing_failure_reason', r.processing_failure_reason,
                        'created_at', utc_text(r.created_at), 'updated_at', utc_text(r.updated_at))
                    FROM consumer_event_receipts r
                    WHERE r.consumer_id = e.consumer_id AND r.event_id = e.event_id))::text
$$;

-- Events are permanent: a row is deleted only if an archive has it whose file was read back and compared.
CREATE OR REPLACE FUNCTION refuse_event_deletion() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM archived_events a
               JOIN archives f ON f.archive_id = a.archive_id
               WHERE a.event_id = OLD.event_id AND a.consumer_id = OLD.consumer_id
                 AND a.customer_id = OLD.customer_id AND a.sequence = OLD.sequence
                 AND f.consumer_id = OLD.consumer_id AND f.compared_sha256 = f.sha256
                 AND f.given_up_at IS NULL) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'customer_events is append-only: DELETE refused'
        USING ERRCODE = 'restrict_violation';
END $$;

-- Replaced in one step, under a lock that readers do not wait for.
CREATE OR REPLACE TRIGGER customer_events_no_delete
    BEFORE DELETE ON customer_events
    FOR EACH ROW EXECUTE FUNCTION refuse_event_deletion();

-- Moves the events of a compared file: their rows go, what is left of them is written, in one transaction;
-- returns how many. 0: it was done before, or an export of the consumer is under way. NULL: an event is not as the
-- file has it, so the file is given up. It runs as the owner, because nobody else may delete events. It trusts
-- nobody's word: the lines are made again from the locked rows and must be those of the file, each event must have
-- been settled for thirty days, and no earlier event of its customer may be left. Receipts are locked before events,
-- as confirm_delivery does it. What was to be sent again to a bank that is called goes along. An erasure locks its
-- events before it has ended, so the lines tell nothing of those whose erasure has.
CREATE OR REPLACE FUNCTION move_to_archive(of_consumer uuid, of_archive uuid)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    file archives;
    is_whole boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(2200, hashtext(of_consumer::text));
    SELECT * INTO file FROM archives
    WHERE archive_id = of_archive AND consumer_id = of_consumer FOR UPDATE;
    IF NOT FOUND OR file.moved_at IS NOT NULL OR file.given_up_at IS NOT NULL
       OR EXISTS (SELECT FROM exports WHERE consumer_id = of_consumer AND status = 'running') THEN
        RETURN 0;
    END IF;
    IF file.compared_sha256 IS DISTINCT FROM file.sha256 THEN
        RAISE EXCEPTION 'the file of this archive was not compared' USING ERRCODE = 'restrict_violation';
    END IF;
    PERFORM FROM consumer_event_receipts
    WHERE event_id = ANY (file.event_ids) AND consumer_id = of_consumer FOR UPDATE;
    PERFORM FROM customer_events
    WHERE event_id = ANY (file.event_ids) AND consumer_id = of_consumer
    ORDER BY created_at, event_id FOR UPDATE;
    SELECT count(*) = file.event_count
           AND bool_and(settled_at(e) < clock_timestamp() - interval '30 days')
           AND encode(sha256(convert_to(string_agg(archived_line(e) || E'\n', ''
                                                   ORDER BY e.created_at, e.event_id), 'UTF8')),
                      'hex') = file.content_sha256
           AND NOT EXISTS (SELECT FROM customer_events moved
                           JOIN customer_events earlier
                             ON earlier.customer_id = moved.customer_id
                            AND earlier.sequence < moved.sequence
                           WHERE moved.event_id = ANY (file.event_ids)
                             AND NOT earlier.event_id = ANY (file.event_ids))
    INTO is_whole
    FROM customer_events e
    WHERE e.event_id = ANY (file.event_ids) AND e.consumer_id = of_consumer;
    IF is_whole IS NOT TRUE THEN
        UPDATE archives SET given_up_at = clock_timestamp()
        WHERE archive_id = of_archive AND consumer_id = of_consumer;
        RETURN NULL;
    END IF;
    INSERT INTO archived_events (event_id, archive_id, consumer_id, customer_id, sequence, event_type,
                                 created_at, publish_status, deliver_status, dead_letter)
    SELECT e.event_id, of_archive, e.consumer_id, e.customer_id, e.sequence, e.event_type, e.created_at,
           e.publish_status, e.deliver_status,
           EXISTS (SELECT FROM dead_letters d WHERE d.event_id = e.event_id AND NOT d.superseded)
    FROM customer_events e
    WHERE e.event_id = ANY (file.event_ids) AND e.consumer_id = of_consumer;
    DELETE FROM consumer_event_receipts
    WHERE event_id = ANY (file.event_ids) AND consumer_id = of_consumer;
    DELETE FROM customer_events
    WHERE event_id = ANY (file.event_ids) AND consumer_id = of_consumer;
    DELETE FROM webhook_copies
    WHERE event_id = ANY (file.event_ids) AND consumer_id = of_consumer;
    UPDATE archives
    SET moved_at = clock_timestamp(),
        forgotten = ARRAY(SELECT DISTINCT x.customer_id
                          FROM archived_events a
                          JOIN erasures x ON x.customer_id = a.customer_id
                                         AND x.consumer_id = a.consumer_id
                          WHERE a.archive_id = of_archive AND x.finished_at IS NOT NULL)
    WHERE archive_id = of_archive AND consumer_id = of_consumer;
    RETURN file.event_count;
END $$;

REVOKE EXECUTE ON FUNCTION move_to_archive(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION move_to_archive(uuid, uuid) TO fintegrate_app;
GRANT SELECT ON archived_events TO fintegrate_app;
GRANT SELECT, INSERT ON archives TO fintegrate_app;
GRANT SELECT, INSERT, UPDATE ON archive_turns TO fintegrate_app;
-- What a file is said to hold never changes.
GRANT UPDATE (compared_sha256, compared_at, given_up_at) ON archives TO fintegrate_app;

COMMIT;
