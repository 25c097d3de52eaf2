-- additive
-- A customer can be erased: who asked, when and why stays, what told of the person goes. The append-only table
-- allows this one change, made by erase_events and nobody else. Code before this notices nothing.
--
-- Rollback:
--   CREATE OR REPLACE FUNCTION confirm_delivery(
--       event uuid, of_consumer uuid, said text, at timestamptz, reason text
--   ) RETURNS uuid LANGUAGE plpgsql AS $$
--   DECLARE
--       changed uuid;
--   BEGIN
--       WITH sent AS (
--           SELECT event_id, consumer_id, customer_id, event_type, created_at, deliver_status,
--                  deliver_last_tried_at
--           FROM customer_events
--           WHERE event_id = event AND consumer_id = of_consumer
--       ), receipt AS (
--           INSERT INTO consumer_event_receipts AS stored
--               (consumer_id, event_id, customer_id, event_type, event_created_at, received_at,
--                processing_status, processing_failure_reason)
--           SELECT consumer_id, event_id, customer_id, event_type, created_at,
--                  coalesce(at, clock_timestamp()), said, reason
--           FROM sent
--           ON CONFLICT ON CONSTRAINT consumer_event_receipts_once DO UPDATE
--               SET processing_status = excluded.processing_status,
--                   processing_failure_reason = excluded.processing_failure_reason,
--                   event_created_at = excluded.event_created_at,
--                   received_at = coalesce(at, stored.received_at),
--                   updated_at = clock_timestamp()
--               WHERE (stored.processing_status <> 'processed'
--                      AND (stored.processing_status <> excluded.processing_status
--                           OR stored.processing_failure_reason
--                              IS DISTINCT FROM excluded.processing_failure_reason
--                           OR EXISTS (SELECT FROM sent WHERE deliver_status = 'pending')))
--                  OR (stored.processing_status = 'processed' AND said = 'processed'
--                      AND (EXISTS (SELECT FROM sent WHERE deliver_last_tried_at > stored.updated_at)
--                           OR EXISTS (SELECT FROM replay_jobs job
--                                      WHERE job.consumer_id = of_consumer AND job.status <> 'done')))
--           RETURNING event_id
--       )
--       UPDATE customer_events AS e
--       SET deliver_status = CASE WHEN said = 'failed' THEN 'failed' ELSE 'delivered' END,
--           delivered_at = CASE WHEN said = 'failed' THEN NULL
--                               ELSE coalesce(e.delivered_at, clock_timestamp()) END,
--           deliver_failure_reason = reason,
--           publish_status = 'published',
--           published_at = coalesce(e.published_at, clock_timestamp()),
--           publish_failure_reason = NULL
--       FROM receipt
--       WHERE e.event_id = receipt.event_id
--       RETURNING e.event_id INTO changed;
--       RETURN changed;
--   END
--   $$;
--   DROP FUNCTION kept_words(uuid, uuid, text);
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

-- What may be kept of somebody's words about a customer: of an erased one, only that there were some. It is asked at
-- the moment of writing, not of the statement's snapshot, so it knows an erasure that the statement waited for.
CREATE OR REPLACE FUNCTION kept_words(of_consumer uuid, of_customer uuid, words text) RETURNS text
LANGUAGE plpgsql STRICT AS $$
BEGIN
    RETURN CASE WHEN EXISTS (SELECT FROM erasures
                             WHERE customer_id = of_customer AND consumer_id = of_consumer)
                THEN 'erased' ELSE words END;
END
$$;

-- As before, but what is said of an erased customer's event is not kept.
CREATE OR REPLACE FUNCTION confirm_delivery(
    event uuid, of_consumer uuid, said text, at timestamptz, reason text
) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    changed uuid;
BEGIN
    WITH sent AS (
        SELECT event_id, consumer_id, customer_id, event_type, created_at, deliver_status,
               deliver_last_tried_at
        FROM customer_events
        WHERE event_id = event AND consumer_id = of_consumer
    ), receipt AS (
        INSERT INTO consumer_event_receipts AS stored
            (consumer_id, event_id, customer_id, event_type, event_created_at, received_at,
             processing_status, processing_failure_reason)
        SELECT consumer_id, event_id, customer_id, event_type, created_at,
               coalesce(at, clock_timestamp()), said,
               kept_words(consumer_id, customer_id, reason)
        FROM sent
        ON CONFLICT ON CONSTRAINT consumer_event_receipts_once DO UPDATE
            SET processing_status = excluded.processing_status,
                processing_failure_reason = excluded.processing_failure_reason,
                event_created_at = excluded.event_created_at,
                received_at = coalesce(at, stored.received_at),
                updated_at = clock_timestamp()
            WHERE (stored.processing_status <> 'processed'
                   AND (stored.processing_status <> excluded.processing_status
                        OR stored.processing_failure_reason
                           IS DISTINCT FROM excluded.processing_failure_reason
                        OR EXISTS (SELECT FROM sent WHERE deliver_status = 'pending')))
               OR (stored.processing_status = 'processed' AND said = 'processed'
                   AND (EXISTS (SELECT FROM sent WHERE deliver_last_tried_at > stored.updated_at)
                        OR EXISTS (SELECT FROM replay_jobs job
                                   WHERE job.consumer_id = of_consumer AND job.status <> 'done')))
        RETURNING event_id, processing_failure_reason
    )
    UPDATE customer_events AS e
    SET deliver_status = CASE WHEN said = 'failed' THEN 'failed' ELSE 'delivered' END,
        delivered_at = CASE WHEN said = 'failed' THEN NULL
                            ELSE coalesce(e.delivered_at, clock_timestamp()) END,
        deliver_failure_reason = receipt.processing_failure_reason,
        publish_status = 'published',
        published_at = coalesce(e.published_at, clock_timestamp()),
        publish_failure_reason = NULL
    FROM receipt
    WHERE e.event_id = receipt.event_id
    RETURNING e.event_id INTO changed;
    RETURN changed;
END
$$;

-- Erases what up to `most` events of a customer tell of the person, with their dead letters and everybody's words
-- about them; returns how many. Returns 0 at the end, when it has also seen to what came late and to what hangs on no
-- event: snapshots, what the bank's server answered last, and dead letters that match no event. Those are resolved,
-- because they can no longer be sent. It runs as the owner, and only for a customer who is in erasures and is
-- deleted. The bank's row is locked against the sweep of dead letters, which holds it while it keeps letters.
-- Receipts are locked before events, as confirm_delivery does it: what is being confirmed meanwhile is waited for,
-- and seen.
CREATE OR REPLACE FUNCTION erase_events(of_consumer uuid, of_customer uuid, most integer)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    no_body CONSTANT bytea := '{"erased":true}';
    ours CONSTANT text := '^(?:account|address|credential|gone|permission): ';
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
        UPDATE webhooks
        SET reason = coalesce(substring(reason FROM ours), '') || 'erased'
        WHERE consumer_id = of_consumer
          AND regexp_replace(reason, ours, '') !~ '^(erased|HTTP [0-9]+|refuses_everything)$';
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
    UPDATE customer_events e
    SET publish_failure_reason = kept.reason
    FROM (SELECT event_id,
                 coalesce(CASE WHEN publish_given_up_at IS NOT NULL
                               THEN substring(publish_failure_reason
                                              FROM '^skipped by the operator in request [^ ]+ ')
                               WHEN publish_failure_reason LIKE 'taken up again%' THEN 'taken up again, '
                          END, '') || 'erased' AS reason
          FROM customer_events
          WHERE event_id = ANY (chosen) AND consumer_id = of_consumer) kept
    WHERE e.event_id = kept.event_id AND e.consumer_id = of_consumer
      AND e.publish_failure_reason <> kept.reason;
    UPDATE consumer_event_receipts SET processing_failure_reason = 'erased'
    WHERE event_id = ANY (chosen) AND consumer_id = of_consumer
      AND processing_failure_reason <> 'erased';
    UPDATE event_attempts SET words = 'erased'
    WHERE event_id = ANY (chosen) AND consumer_id = of_consumer AND words <> 'erased'
      AND (by = 'webhook' OR outcome IN ('given_up', 'reopened', 'given_back'));
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
