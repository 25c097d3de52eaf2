-- additive
-- The order system's login. It may insert these columns of an event and do nothing else, not even read.
-- The step prepare_database makes the role.
--
-- Rollback:
--   REVOKE INSERT (event_id, storefront_id, storefront_code, event_type, event_payload, source_system, status)
--       ON marketing_events FROM relay_oms;

BEGIN;

GRANT INSERT (event_id, storefront_id, storefront_code, event_type, event_payload, source_system, status)
    ON marketing_events TO relay_oms;

COMMIT;
