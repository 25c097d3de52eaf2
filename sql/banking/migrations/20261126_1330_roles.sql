-- additive
-- The functions get a user of their own, fintegrate_app: it may do with each table what a statement of
-- theirs does, and nothing with the schema. The step before the migrations makes it.
--
-- Rollback:
--   REVOKE ALL ON ALL TABLES IN SCHEMA public FROM fintegrate_app;

BEGIN;

GRANT SELECT, INSERT ON customer_analytics, dead_letters, lost_events TO fintegrate_app;
GRANT SELECT, UPDATE ON recovery TO fintegrate_app;
GRANT SELECT, INSERT, UPDATE
    ON broker_access, consumer_api_keys, consumer_usage, consumers, customer_events,
       last_reconciliation, replay_jobs, schedule_runs
    TO fintegrate_app;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON audit_log, consumer_event_receipts, customer_tags, customers, idempotency_keys,
       publishing_pauses, queue_observations
    TO fintegrate_app;

COMMIT;
