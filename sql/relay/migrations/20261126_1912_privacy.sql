-- additive
-- A person's data is found by its hash, old user data by its age, and sealed texts by their key. The functions may
-- seal credentials anew and delete what is past its retention.
--
-- Rollback:
--   DROP INDEX marketing_events_by_email, marketing_events_by_phone, marketing_events_by_external_id,
--       marketing_events_with_user_data, marketing_events_sealed;
--   CREATE INDEX marketing_events_by_key ON marketing_events (key_id) WHERE key_id IS NOT NULL;
--   REVOKE UPDATE ON platform_credentials FROM relay_app;
--   REVOKE DELETE ON event_attempts, event_deliveries, marketing_events FROM relay_app;

BEGIN;

CREATE INDEX IF NOT EXISTS marketing_events_by_email
    ON marketing_events USING hash ((match_keys ->> 'em')) WHERE match_keys ->> 'em' IS NOT NULL;
CREATE INDEX IF NOT EXISTS marketing_events_by_phone
    ON marketing_events USING hash ((match_keys ->> 'ph')) WHERE match_keys ->> 'ph' IS NOT NULL;
CREATE INDEX IF NOT EXISTS marketing_events_by_external_id
    ON marketing_events USING hash ((match_keys ->> 'external_id'))
    WHERE match_keys ->> 'external_id' IS NOT NULL;
CREATE INDEX IF NOT EXISTS marketing_events_with_user_data
    ON marketing_events (created_at) WHERE match_keys IS NOT NULL OR private_encrypted IS NOT NULL;
CREATE INDEX IF NOT EXISTS marketing_events_sealed
    ON marketing_events (key_id, id) WHERE key_id IS NOT NULL;
DROP INDEX IF EXISTS marketing_events_by_key;

GRANT UPDATE ON platform_credentials TO relay_app;
GRANT DELETE ON event_attempts, event_deliveries, marketing_events TO relay_app;

COMMIT;
