-- name: storefronts
-- Until the end of the transaction nobody adds or deletes one of their lanes (`lock_lanes`): the next statement
-- makes a delivery for exactly the lanes that are there when it accepts, which the ledger counts on.
SELECT id, storefront_id, currency, country, pg_advisory_xact_lock_shared(1, id)
FROM storefronts
WHERE is_active AND storefront_id = ANY (%(codes)s::text[])

-- name: accept
-- Events and their deliveries, of every destination that the storefront has: those of an inactive one are
-- skipped. Sorted by identity, so that two batches with the same events do not wait for each other in a
-- circle. Returns the rows that were written; of the others an equal identity stands already.
WITH given AS MATERIALIZED (
    SELECT *
    FROM json_to_recordset(%(items)s::json) AS given (
        storefront integer, code text, event_id text, identity text, order_id text, event_type text,
        event_time timestamptz, dedup_id text, payload json, match_keys json, private text, key_id text,
        consent json, content_hash text)
), written AS (
    INSERT INTO marketing_events (event_id, storefront_id, storefront_code, event_type, event_payload,
                                  source_system, status, accepted_at, identity, order_id, event_time,
                                  dedup_id, match_keys, private_encrypted, key_id, consent_json,
                                  content_hash)
    SELECT event_id, storefront, code, event_type, payload, %(source_system)s, 'accepted',
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
SELECT id, storefront_id, identity, event_type FROM written

-- name: standing
-- The rows that stand for these identities. A statement of its own: it sees what was committed meanwhile.
SELECT e.id, e.storefront_id, e.identity, e.event_type, e.content_hash
FROM unnest(%(storefronts)s::integer[], %(identities)s::text[], %(types)s::text[])
         AS asked (storefront_id, identity, event_type)
JOIN marketing_events e USING (storefront_id, identity, event_type)
WHERE e.accepted_at IS NOT NULL
