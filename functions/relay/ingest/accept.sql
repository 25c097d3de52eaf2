-- name: storefronts
-- Planned once per connection.
-- text: sql/relay/schema.sql, open_storefronts
SELECT id, storefront_id, currency, country FROM open_storefronts(%(codes)s::text[])

-- name: accept
-- Planned once per connection.
-- text: sql/relay/schema.sql, accept_events
SELECT id, storefront_id, identity, event_type
FROM accept_events(%(items)s::json, %(source_system)s::text)

-- name: standing
-- The rows that stand for these identities. A statement of its own: it sees what was committed meanwhile.
SELECT e.id, e.storefront_id, e.identity, e.event_type, e.content_hash
FROM unnest(%(storefronts)s::integer[], %(identities)s::text[], %(types)s::text[])
         AS asked (storefront_id, identity, event_type)
JOIN marketing_events e USING (storefront_id, identity, event_type)
WHERE e.accepted_at IS NOT NULL
