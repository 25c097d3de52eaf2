-- additive
-- A file of archived events is written again without a person who was erased: another file takes its place.
--
-- Rollback:
--   DROP FUNCTION replace_archive(uuid, uuid, uuid);
--   DROP INDEX archives_to_delete;
--   ALTER TABLE archives DROP COLUMN replaced_by;

BEGIN;

-- The file that has taken the place of this one, which is deleted then.
ALTER TABLE archives ADD COLUMN IF NOT EXISTS replaced_by uuid;
CREATE INDEX IF NOT EXISTS archives_to_delete
    ON archives (created_at)
    WHERE erased_at IS NULL AND (replaced_by IS NOT NULL OR given_up_at IS NOT NULL);

-- Lets a compared file take the place of another one with the same events, of which it forgets one more erased
-- customer; returns whether it does. It runs as the owner, because nobody else may say where an event lies. While an
-- export of the consumer is under way, it does not: the export names the former file.
CREATE OR REPLACE FUNCTION replace_archive(of_consumer uuid, former uuid, latter uuid)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(2200, hashtext(of_consumer::text));
    PERFORM FROM archives
    WHERE archive_id IN (former, latter) AND consumer_id = of_consumer ORDER BY archive_id FOR UPDATE;
    IF NOT EXISTS (SELECT FROM archives f
                   JOIN archives l ON l.event_ids = f.event_ids AND l.consumer_id = f.consumer_id
                   WHERE f.archive_id = former AND l.archive_id = latter AND f.consumer_id = of_consumer
                     AND f.moved_at IS NOT NULL AND f.replaced_by IS NULL AND f.erased_at IS NULL
                     AND l.moved_at IS NULL AND l.given_up_at IS NULL
                     AND l.compared_sha256 = l.sha256 AND f.forgotten <@ l.forgotten)
       OR EXISTS (SELECT FROM exports WHERE consumer_id = of_consumer AND status = 'running')
       OR NOT EXISTS (SELECT FROM archived_events a
                      JOIN archives f ON f.archive_id = a.archive_id
                      JOIN archives l ON l.archive_id = latter AND l.consumer_id = a.consumer_id
                      JOIN erasures x ON x.customer_id = a.customer_id
                                     AND x.consumer_id = a.consumer_id
                      WHERE a.archive_id = former AND x.finished_at IS NOT NULL
                        AND x.customer_id = ANY (l.forgotten) AND x.customer_id <> ALL (f.forgotten)) THEN
        RETURN false;
    END IF;
    UPDATE archived_events SET archive_id = latter
    WHERE archive_id = former AND consumer_id = of_consumer;
    UPDATE archives SET moved_at = clock_timestamp()
    WHERE archive_id = latter AND consumer_id = of_consumer;
    UPDATE archives SET replaced_by = latter
    WHERE archive_id = former AND consumer_id = of_consumer;
    RETURN true;
END $$;

REVOKE EXECUTE ON FUNCTION replace_archive(uuid, uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION replace_archive(uuid, uuid, uuid) TO fintegrate_app;

COMMIT;
