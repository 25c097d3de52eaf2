-- additive
-- A customer can be erased: who asked, when and why stays, what told of the person goes. The append-only table
-- allows this one change, made by erase_events and nobody else. Code before this notices nothing.
--
-- Rollback:
--   DROP FUNCTION erase_events(uuid, uuid, integer);
--   CREATE OR REPLACE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
--   BEGIN
--       RAISE EXCEPTION 'customer_events is append-only: % refused', TG_OP
--           USING ERRCODE = 'restrict_violation';
--   END $$;
--   DROP FUNCTION erased_facts(jsonb);
--   DROP TABLE erasures;

BEGIN;

-- Who had a customer erased, when and why. It is done from finished_at on. Rows stay as they are: that is how
-- the platform answers whether it has forgotten somebody. key_id is the public id of the API key.
CREATE TABLE IF NOT EXISTS erasures (
    customer_id uuid        NOT NULL,
    consumer_id uuid        NOT NULL,
    reason      text        NOT NULL,
    key_id      uuid        NOT NULL,
    actor       text,
    request_id  text        NOT NULL,
    begun_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    event_count bigint,
    CONSTRAINT erasures_pkey PRIMARY KEY (customer_id),
    CONSTRAINT erasures_finished_check CHECK ((finished_at IS NULL) = (event_count IS NULL))
);

CREATE INDEX IF NOT EXISTS erasures_by_consumer
    ON erasures (consumer_id, begun_at DESC, customer_id DESC);
CREATE INDEX IF NOT EXISTS erasures_unfinished ON erasures (begun_at) WHERE finished_at IS NULL;

-- What is left of an event's facts about a person. A name is a text in every message, so one stays.
CREATE OR REPLACE FUNCTION erased_facts(facts jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('customer_id', facts -> 'customer_id', 'name', 'erased',
                              'status', facts -> 'status', 'erased', true)
$$;

-- Events are permanent: rows are never deleted, and only their publish and delivery columns may change. One
-- change is allowed: the facts of a person who is in erasures become erased_facts, nothing else of the row
-- changes, and it is the owner who does it. The functions' user is the owner inside erase_events only.
CREATE OR REPLACE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    allowed customer_events;
BEGIN
    IF TG_OP = 'UPDATE'
       AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        allowed := OLD;
        allowed.payload_json := erased_facts(OLD.payload_json);
        IF NEW IS NOT DISTINCT FROM allowed
           AND EXISTS (SELECT FROM erasures
                       WHERE customer_id = OLD.customer_id AND consumer_id = OLD.consumer_id) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'customer_events is append-only: % refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;

-- Erases what up to `most` events of a customer tell of the person, with their dead letters and everybody's words
-- about them; returns how many. Returns 0 at the end, when it has also seen to what came late and to what hangs on
-- no event: snapshots, and dead letters that match no event. Those are resolved, because they can no longer be
-- sent. It runs as the owner, and only for a customer who is in erasures and is deleted. The bank's row is locked
-- against the sweep of dead letters, which holds it while it keeps letters. Receipts are locked before events, as
-- confirm_delivery does it: what is being confirmed meanwhile is waited for, and seen.
CREATE OR REPLACE FUNCTION erase_events(of_consumer uuid, of_customer uuid, most integer)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    no_body CONSTANT bytea := '{"erased":true}';
    chosen uuid[];
    found_count integer;
BEGIN
    IF NOT EXISTS (SELECT FROM erasures
                   WHERE customer_id = of_customer AND consumer_id = of_consumer)
       OR EXISTS (SELECT FROM customers WHERE customer_id = of_customer) THEN
        RAISE EXCEPTION 'no erasure of this customer was begun' USING ERRCODE = 'restrict_violation';
    END IF;
    PERFORM FROM consumers WHERE consumer_id = of_consumer FOR NO KEY UPDATE;
    chosen := ARRAY(SELECT event_id FROM customer_events
                    WHERE customer_id = of_customer AND consumer_id = of_consumer
                      AND event_type <> 'consumer_created' AND NOT payload_json ? 'erased'
                    ORDER BY sequence LIMIT most);
    found_count := cardinality(chosen);
    IF found_count = 0 THEN
        chosen := ARRAY(SELECT event_id FROM customer_events
                        WHERE customer_id = of_customer AND consumer_id = of_consumer
                          AND event_type <> 'consumer_created'
                        UNION ALL  -- their letters, and words about them, are no part of the archive
                        SELECT event_id FROM archived_events
                        WHERE customer_id = of_customer AND consumer_id = of_consumer
                          AND event_type <> 'consumer_created');
        UPDATE customer_analytics SET tags_json = '{}'
        WHERE customer_id = of_customer AND consumer_id = of_consumer AND tags_json <> '{}';
        UPDATE dead_letters
        SET body = no_body, properties_json = '{}', fingerprint = 'erased:' || dead_letter_id,
            resolved_at = coalesce(resolved_at, clock_timestamp()),
            resolved_by = coalesce(resolved_by, 'erasure'), resolved_reason = 'erased'
        WHERE consumer_id = of_consumer AND event_id IS NULL
          AND position(convert_to(of_customer::text, 'UTF8') IN body) > 0;
    END IF;
    PERFORM FROM consumer_event_receipts
    WHERE event_id = ANY (chosen) AND consumer_id = of_consumer FOR UPDATE;
    PERFORM FROM customer_events
    WHERE event_id = ANY (chosen) AND consumer_id = of_consumer FOR UPDATE;
    UPDATE customer_events SET payload_json = erased_facts(payload_json)
    WHERE event_id = ANY (chosen) AND consumer_id = of_consumer AND NOT payload_json ? 'erased';
    UPDATE customer_events
    SET deliver_failure_reason = CASE WHEN deliver_failure_reason LIKE 'dead-lettered: %'
                                      THEN 'dead-lettered: erased'
                                      ELSE left(deliver_failure_reason, 0) || 'erased' END
    WHERE event_id = ANY (chosen) AND consumer_id = of_consumer
      AND deliver_failure_reason
          !~ '^(dead-lettered: )?erased$|^dead-lettered: (rejected|expired|maxlen|delivery_limit)$';
    UPDATE customer_events
    SET publish_failure_reason = regexp_replace(
            publish_failure_reason, '(skipped by the operator in request [^ ]+) .*', '\1 erased')
    WHERE event_id = ANY (chosen) AND consumer_id = of_consumer
      AND publish_failure_reason ~ 'skipped by the operator' AND publish_failure_reason !~ ' erased$';
    UPDATE consumer_event_receipts SET processing_failure_reason = 'erased'
    WHERE event_id = ANY (chosen) AND consumer_id = of_consumer
      AND processing_failure_reason <> 'erased';
    UPDATE event_attempts SET words = 'erased'
    WHERE event_id = ANY (chosen) AND consumer_id = of_consumer AND words <> 'erased'
      AND outcome IN ('given_up', 'reopened', 'given_back');
    UPDATE dead_letters
    SET body = no_body, properties_json = '{}', fingerprint = 'erased:' || dead_letter_id,
        resolved_reason = left(resolved_reason, 0) || 'erased'
    WHERE event_id = ANY (chosen) AND consumer_id = of_consumer AND body <> no_body;
    RETURN found_count;
END $$;

REVOKE EXECUTE ON FUNCTION erase_events(uuid, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_events(uuid, uuid, integer) TO fintegrate_app;
GRANT SELECT, INSERT ON erasures TO fintegrate_app;
GRANT UPDATE (finished_at, event_count) ON erasures TO fintegrate_app;

COMMIT;
