-- additive
-- The statements of each ingest as functions, which plan them once per connection: planning took half of their
-- time. docs/decisions/0009.
--
-- Rollback:
--   DROP FUNCTION accept_events(json, text);
--   DROP FUNCTION open_storefronts(text[]);

BEGIN;

-- The storefronts of these codes that are active. Until the end of the transaction nobody adds or deletes one
-- of their lanes (`lock_lanes`): what is accepted next makes a delivery for exactly the lanes that are there.
CREATE OR REPLACE FUNCTION open_storefronts(codes text[])
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
CREATE OR REPLACE FUNCTION accept_events(items json, from_system text)
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

COMMIT;
